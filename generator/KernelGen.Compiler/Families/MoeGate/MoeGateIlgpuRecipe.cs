using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which ILGPU template serves a gate, and how the experts lie in a warp.</summary>
internal static class MoeGateIlgpuRecipe
{
    private const int Lanes = 32;

    // A lane's mask has a bit for each of its keys, and 32 lanes hold the candidates of a choice.
    private const int MaxKeysPerLane = 32;
    private const int MaxRouted = 16;

    public static IlgpuRecipe Recipe(MoeGateSpec spec)
    {
        var vectorWidth = VectorWidth(spec);
        var values = new Dictionary<string, ConstantValue>(MoeGateCpuRecipe.DeclaredValues(spec))
        {
            ["InRegisters"] = ConstantValue.From(vectorWidth > 0),
            ["VectorWidth"] = ConstantValue.From(Math.Max(vectorWidth, 1)),
            ["GroupParts"] = ConstantValue.From(vectorWidth > 0 ? GroupParts(spec) : 1),
        };
        var logit = LogitType(spec.LogitsType);
        var request = new SpecializationRequest(IlgpuRecipe.ClassName, values, new Dictionary<string, string> { ["TLogit"] = logit });
        var kernels = string.Join(", ", new[] { "RunWarp", "RunUnaligned", "RunThread" }.Select(entry => $"{IlgpuRecipe.ClassName}.{entry}"));
        return new IlgpuRecipe(
            ["MoeGate.cs", "MoeGate.Warp.cs", "MoeGate.Ranking.cs", "MoeGate.Strided.cs"],
            request,
            $"global::KernelGen.Ilgpu.GateKernels<{logit}>",
            $"{kernels}, {Math.Max(vectorWidth, 1)}");
    }

    /// <summary>The type that kernels know the logits by: ILGPU has no bfloat16.</summary>
    private static string LogitType(DType type) => type switch
    {
        DType.Float16 => "global::ILGPU.Half",
        DType.BFloat16 => "ushort",
        _ => "float",
    };

    /// <summary>
    /// Logits of a load: 4 where that leaves enough lanes with keys of their own for a floor under the k best, else 1; 0 where
    /// a warp's registers do not serve.
    /// </summary>
    private static int VectorWidth(MoeGateSpec spec)
    {
        if (spec.HashTable || spec.RoutedTopK > MaxRouted || spec.Groups > Lanes) return 0;
        foreach (var width in new[] { 4, 1 })
        {
            var groupSize = spec.Experts / spec.Groups;
            if (groupSize % width != 0) continue;
            var lanesOfGroup = Lanes / GroupParts(spec);
            var loads = (groupSize + (lanesOfGroup * width) - 1) / (lanesOfGroup * width);
            var openLanes = spec.TopKGroups * Math.Min(lanesOfGroup, groupSize / width);
            if (loads * width <= MaxKeysPerLane && openLanes >= Math.Min(spec.RoutedTopK * 2, spec.TopKGroups * groupSize)) return width;
        }

        return 0;
    }

    private static int GroupParts(MoeGateSpec spec)
    {
        var parts = 1;
        while (parts < spec.Groups) parts *= 2;
        return parts;
    }
}
