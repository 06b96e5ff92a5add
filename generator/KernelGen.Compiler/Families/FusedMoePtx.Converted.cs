using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <content>Weights that become bfloat16 on their way to the tensor cores, with mma on every device. All tiles fit 99 KiB.</content>
public static partial class FusedMoePtx
{
    private static readonly GroupedGemmTile[] Converted16 = [Sliced(16, 128, 4, 4), Sliced(16, 64, 6, 2)];

    // Less bytes a row: the smallest blocks, of which the most are under way.
    private static readonly GroupedGemmTile[] FourBits16 = [Sliced(16, 64, 4, 2)];

    private static readonly GroupedGemmTile[] Converted32 = [Mma(32, 64, 64, 6, 1, 4)];

    private static readonly GroupedGemmTile[] Converted64 = [Mma(64, 128, 64, 4, 2, 4, 4), Mma(64, 64, 64, 4, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Converted128 = [Mma(128, 128, 64, 3, 2, 4, 8), Mma(128, 64, 64, 3, 2, 2, 8)];

    private static IReadOnlyList<Pair> ConvertedPairs(FusedMoeSpec spec)
    {
        if (spec.WeightType == DType.Float32) return []; // which no tensor core multiplies as exactly
        var pairs = new List<Pair>();
        Add(8, spec.WeightType == DType.Int4 ? FourBits16 : Converted16);
        Add(16, Converted32);
        Add(48, Converted64);
        Add(int.MaxValue, Converted128);
        return pairs.Count == 4 ? pairs : [];

        void Add(int mostRows, GroupedGemmTile[] tiles)
        {
            if (Fitting(spec, ExpertProduct.GateUp, tiles) is { } gateUp && Fitting(spec, ExpertProduct.Down, tiles) is { } down) pairs.Add(new Pair(TensorCore.Mma, mostRows, gateUp, down));
        }
    }

    private static GroupedGemmTile Sliced(int m, int k, int stages, int warps) => new(TensorCore.Mma, m, 64, k, stages, 1, warps, SlicedK: true);
}
