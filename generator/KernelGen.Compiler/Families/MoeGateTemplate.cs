using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which template serves a gate, and the values it gets for a vector width.</summary>
public static class MoeGateTemplate
{
    /// <summary>The embedded files of the template.</summary>
    public static IReadOnlyList<string> Files { get; } = ["MoeGate.cs"];

    /// <summary>The values that the template gets for <paramref name="spec"/>.</summary>
    public static SpecializationRequest Request(MoeGateSpec spec, int vectorBits, string className)
    {
        var values = new Dictionary<string, ConstantValue>
        {
            ["Experts"] = ConstantValue.From(spec.Experts),
            ["TopK"] = ConstantValue.From(spec.TopK),
            ["Scoring"] = ConstantValue.From(spec.Scoring),
            ["CorrectionBias"] = ConstantValue.From(spec.CorrectionBias),
            ["Groups"] = ConstantValue.From(spec.Groups),
            ["TopKGroups"] = ConstantValue.From(spec.TopKGroups),
            ["Renormalize"] = ConstantValue.From(spec.Renormalize),
            ["Lanes"] = ConstantValue.From(vectorBits / 32),
        };
        return new SpecializationRequest(className, values, new Dictionary<string, string>()) { VectorBits = vectorBits, Specialize = spec.Specialize };
    }
}
