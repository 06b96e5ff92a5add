using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <content>Weights that become bfloat16 on their way to the tensor cores: with mma on every device, where all tiles fit 99 KiB, and with wgmma.</content>
public static partial class FusedMoePtx
{
    private static readonly GroupedGemmTile[] Converted16 = [Sliced(16, 128, 4, 4), Sliced(16, 64, 6, 2)];

    // Less bytes a row: the smallest blocks, of which the most are under way.
    private static readonly GroupedGemmTile[] FourBits16 = [Sliced(16, 64, 4, 2)];

    private static readonly GroupedGemmTile[] Converted32 = [Mma(32, 64, 64, 6, 1, 4)];

    private static readonly GroupedGemmTile[] Converted64 = [Mma(64, 128, 64, 4, 2, 4, 4), Mma(64, 64, 64, 4, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Converted128 = [Mma(128, 128, 64, 3, 2, 4, 8), Mma(128, 64, 64, 3, 2, 2, 8)];

    private static readonly GroupedGemmTile[] WgmmaConverted = [Wgmma(128, 256, 4, 8, 8), Wgmma(128, 192, 5, 8, 8), Wgmma(128, 128, 6, 8, 8), Wgmma(128, 64, 8, 8, 8)];

    // The sums of groups, or the rests of fp16, take as much room again.
    private static readonly GroupedGemmTile[] WgmmaConvertedTwice = [Wgmma(128, 128, 4, 8, 8), Wgmma(128, 64, 6, 8, 8)];

    private static IReadOnlyList<Pair> ConvertedPairs(FusedMoeSpec spec)
    {
        // Rounded activations belong to other kernels, and single precision to no tensor core.
        if (spec.WeightType == DType.Float32 || spec.ActivationQuantization != ActivationQuantization.None) return [];
        var pairs = new List<Pair>();
        var fewest = spec.WeightType == DType.Int4 ? FourBits16 : Converted16;
        Add(TensorCore.Mma, 8, fewest);
        Add(TensorCore.Mma, 16, Converted32);
        Add(TensorCore.Mma, 48, Converted64);
        Add(TensorCore.Mma, int.MaxValue, Converted128);

        // A tile of wgmma takes as long with few rows as with many.
        var hasGroups = Shape(spec, ExpertProduct.GateUp).GroupSize > 0;
        Add(TensorCore.Wgmma, 8, fewest);
        Add(TensorCore.Wgmma, hasGroups ? 32 : 16, Converted32);
        Add(TensorCore.Wgmma, int.MaxValue, hasGroups || spec.WeightType == DType.Float16 ? WgmmaConvertedTwice : WgmmaConverted);
        return pairs.Count == 7 ? pairs : [];

        void Add(TensorCore core, int mostRows, GroupedGemmTile[] tiles)
        {
            if (Fitting(spec, ExpertProduct.GateUp, tiles) is { } gateUp && Fitting(spec, ExpertProduct.Down, tiles) is { } down) pairs.Add(new Pair(core, mostRows, gateUp, down));
        }
    }

    private static GroupedGemmTile Sliced(int m, int k, int stages, int warps) => new(TensorCore.Mma, m, 64, k, stages, 1, warps, SlicedK: true);
}
