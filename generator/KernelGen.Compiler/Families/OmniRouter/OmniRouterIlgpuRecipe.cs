using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which ILGPU template serves a product-key router.</summary>
internal static class OmniRouterIlgpuRecipe
{
    private static readonly string[] Files = ["OmniRouter.cs", "OmniRouter.Warp.cs", "OmniRouter.Ranks.cs", "OmniRouter.Backward.cs"];
    private static readonly string[] Entries = ["RunWarp", "RunThread", "RunBackwardWarp", "RunBackwardThread"];

    public static IlgpuRecipe Recipe(OmniRouterSpec spec)
    {
        var (n, k) = (spec.ExpertsPerAxis, spec.TopK);
        var rows = Enumerable.Range(1, Math.Min(n, k)).ToArray();
        var values = new Dictionary<string, ConstantValue>
        {
            ["ExpertsPerAxis"] = ConstantValue.From(n),
            ["TopK"] = ConstantValue.From(k),
            ["Pairs"] = ConstantValue.From(rows.Sum(row => Math.Min(n, k / row))),
            ["PairRows"] = ConstantValue.From(rows.Count(row => row * row <= k)),
        };
        return new IlgpuRecipe(
            Files,
            new SpecializationRequest(IlgpuRecipe.ClassName, values, new Dictionary<string, string>()),
            "global::KernelGen.Ilgpu.OmniRouterKernels",
            string.Join(", ", Entries.Select(entry => $"{IlgpuRecipe.ClassName}.{entry}")));
    }
}
