using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which ILGPU template serves experts of one neuron each.</summary>
internal static class OmniExpertsIlgpuRecipe
{
    // Floats of the widest load.
    private const int Quad = 4;

    private static readonly string[] Files = ["OmniExperts.cs", "OmniExperts.Backward.cs", "OmniExperts.Rows.cs"];

    public static IlgpuRecipe Recipe(OmniExpertsSpec spec)
    {
        var vectorWidth = spec.HiddenSize % Quad == 0 ? Quad : 1;
        var values = new Dictionary<string, ConstantValue>
        {
            ["Experts"] = ConstantValue.From(spec.ExpertsPerAxis * spec.ExpertsPerAxis),
            ["TopK"] = ConstantValue.From(spec.TopK),
            ["HiddenSize"] = ConstantValue.From(spec.HiddenSize),
            ["VectorWidth"] = ConstantValue.From(vectorWidth),
        };
        var entries = new[] { ("Run", "OmniExpertsKernel"), ("RunBackward", "OmniExpertsTokensKernel"), ("RunExperts", "OmniExpertsRowsKernel") };
        return new IlgpuRecipe(
            Files,
            new SpecializationRequest(IlgpuRecipe.ClassName, values, new Dictionary<string, string>()),
            "global::KernelGen.Ilgpu.OmniExpertsKernels",
            string.Join(", ", entries.Select(entry => Forms(entry.Item1, entry.Item2)).Prepend($"{vectorWidth}")));
    }

    private static string Forms(string entry, string type)
    {
        var forms = new[] { "Group", "Unaligned", "Thread" }.Select(form => $"{IlgpuRecipe.ClassName}.{entry}{form}");
        return $"new global::KernelGen.Ilgpu.{type}[] {{ {string.Join(", ", forms)} }}";
    }
}
