using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which template serves experts of one neuron each.</summary>
public static class OmniExpertsCpuRecipe
{
    /// <summary>The embedded files of the template.</summary>
    public static IReadOnlyList<string> Files { get; } = ["OmniExperts.cs", "OmniExperts.Backward.cs", "OmniExperts.Rows.cs"];

    /// <summary>The values that the template gets for <paramref name="spec"/>.</summary>
    public static SpecializationRequest Request(OmniExpertsSpec spec, int vectorBits, string className)
    {
        var values = new Dictionary<string, ConstantValue>
        {
            ["TopK"] = ConstantValue.From(spec.TopK),
            ["HiddenSize"] = ConstantValue.From(spec.HiddenSize),
            ["Lanes"] = ConstantValue.From(vectorBits / 32),
        };
        return new SpecializationRequest(className, values, new Dictionary<string, string>()) { VectorBits = vectorBits, Specialize = spec.Specialize };
    }
}
