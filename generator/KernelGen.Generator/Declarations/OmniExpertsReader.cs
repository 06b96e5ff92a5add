using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>Reads an <see cref="OmniExpertsAttribute"/>.</summary>
internal static class OmniExpertsReader
{
    public static Declaration Read(AttributeData attribute)
    {
        var values = new AttributeValues(attribute);
        var spec = new OmniExpertsSpec(
            values.Int(nameof(OmniExpertsAttribute.ExpertsPerAxis)),
            values.Int(nameof(OmniExpertsAttribute.TopK)),
            values.Int(nameof(OmniExpertsAttribute.HiddenSize)),
            values.Bool(nameof(OmniExpertsAttribute.Specialize), absent: true));
        if (values.IsBroken) return new Declaration(attribute, [], []);
        var problems = spec.Validate();
        return new Declaration(attribute, problems.Count == 0 ? [spec] : [], problems);
    }
}
