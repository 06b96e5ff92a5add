using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>Reads an <see cref="OmniRouterAttribute"/>.</summary>
internal static class OmniRouterReader
{
    public static Declaration Read(AttributeData attribute)
    {
        var values = new AttributeValues(attribute);
        var spec = new OmniRouterSpec(
            values.Int(nameof(OmniRouterAttribute.ExpertsPerAxis)),
            values.Int(nameof(OmniRouterAttribute.TopK)),
            values.Bool(nameof(OmniRouterAttribute.Specialize), absent: true));
        if (values.IsBroken) return new Declaration(attribute, [], []);
        var problems = spec.Validate();
        return new Declaration(attribute, problems.Count == 0 ? [spec] : [], problems);
    }
}
