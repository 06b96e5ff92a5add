using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>Reads a <see cref="MoeGateAttribute"/>.</summary>
internal static class MoeGateReader
{
    public static Declaration Read(AttributeData attribute)
    {
        var values = new AttributeValues(attribute);
        var spec = new MoeGateSpec(
            values.Int(nameof(MoeGateAttribute.Experts)),
            values.Int(nameof(MoeGateAttribute.TopK)),
            values.Enum<GateScoring>(nameof(MoeGateAttribute.Scoring)),
            values.Bool(nameof(MoeGateAttribute.CorrectionBias), absent: false),
            values.Int(nameof(MoeGateAttribute.Groups), absent: 1),
            values.Int(nameof(MoeGateAttribute.TopKGroups), absent: 1),
            values.Bool(nameof(MoeGateAttribute.Renormalize), absent: true),
            values.Bool(nameof(MoeGateAttribute.Specialize), absent: true))
        {
            LogitsType = values.Enum<DType>(nameof(MoeGateAttribute.LogitsType)),
            SharedExperts = values.Int(nameof(MoeGateAttribute.SharedExperts)),
            HashTable = values.Bool(nameof(MoeGateAttribute.HashTable), absent: false),
        };
        if (values.IsBroken) return new Declaration(attribute, [], []);
        var problems = spec.Validate();
        return new Declaration(attribute, problems.Count == 0 ? [spec] : [], problems);
    }
}
