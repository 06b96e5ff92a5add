using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which template serves a product-key router.</summary>
public static class OmniRouterCpuRecipe
{
    /// <summary>The embedded files of the template.</summary>
    public static IReadOnlyList<string> Files { get; } =
        ["OmniRouter.cs", "OmniRouter.Pairs.cs", "OmniRouter.Best.cs", "OmniRouter.Backward.cs"];

    /// <summary>The values that the template gets for <paramref name="spec"/>.</summary>
    public static SpecializationRequest Request(OmniRouterSpec spec, int vectorBits, string className)
    {
        var (n, k, lanes) = (spec.ExpertsPerAxis, spec.TopK, vectorBits / 32);
        var pairs = Enumerable.Range(1, Math.Min(n, k)).Sum(row => Math.Min(n, k / row));
        var values = new Dictionary<string, ConstantValue>
        {
            ["ExpertsPerAxis"] = ConstantValue.From(n),
            ["TopK"] = ConstantValue.From(k),
            ["Lanes"] = ConstantValue.From(lanes),
            ["Pairs"] = ConstantValue.From(pairs),
            ["AxisBlockVectors"] = ConstantValue.From(BlockVectors(n, lanes)),
            ["PairBlockVectors"] = ConstantValue.From(BlockVectors(pairs, lanes)),
        };
        return new SpecializationRequest(className, values, new Dictionary<string, string>()) { VectorBits = vectorBits, Specialize = spec.Specialize };
    }

    /// <summary>
    /// Vectors of a block: as few as leave the heads of all blocks in one vector, but no more than four, for a round of the
    /// selection looks at one block and at all heads; more only where there would be more than 64 heads.
    /// </summary>
    private static int BlockVectors(int count, int lanes)
    {
        var vectors = 1;
        while (vectors < 4 && vectors * lanes * lanes < count) vectors *= 2;
        while (vectors * lanes * 64 < count) vectors *= 2;
        return vectors;
    }
}
