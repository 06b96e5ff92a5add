using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <content>
/// Weights and inputs in 8 bits: with mma on every device, where all tiles fit 99 KiB, and with wgmma. Both widths are multiples of 128, so that one tile serves
/// all sizes but for the depth.
/// </content>
public static partial class FusedMoePtx
{
    private static readonly GroupedGemmTile[] Bytes16 = [Bytes(16, 64, 256, 4, 1, 4), Bytes(16, 64, 128, 8, 1, 4)];

    private static readonly GroupedGemmTile[] Bytes16Short = [Bytes(16, 128, 128, 5, 1, 4)];

    private static readonly GroupedGemmTile[] Bytes32 = [Bytes(32, 128, 128, 4, 1, 4)];

    private static readonly GroupedGemmTile[] Integers64 = [Bytes(64, 128, 128, 3, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Integers128 = [Bytes(128, 128, 128, 3, 2, 4, 8)];

    // 8-bit floats have two sums for each element of a tile.
    private static readonly GroupedGemmTile[] Floats64 = [Bytes(64, 64, 128, 4, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Floats128 = [Bytes(128, 64, 128, 3, 2, 2, 8)];

    private static readonly GroupedGemmTile[] WgmmaBytes128 = [WgmmaBytes(128, 128, 6, 8)];

    private static readonly GroupedGemmTile[] WgmmaIntegers = [WgmmaBytes(128, 256, 5, 4, 8, 2), .. WgmmaBytes128];

    private static readonly GroupedGemmTile[] WgmmaFloats = [WgmmaBytes(128, 256, 4, 8, 8), .. WgmmaBytes128];

    private static IReadOnlyList<Pair> BytePairs(FusedMoeSpec spec)
    {
        var isInteger = spec.WeightType == DType.Int8;
        var pairs = new List<Pair>();
        foreach (var core in new[] { TensorCore.MmaBytes, TensorCore.WgmmaBytes })
        {
            Add(core, 8, Bytes16, spec.IntermediateSize < LongReduction ? Bytes16Short : Bytes16);
            Add(core, 16, Bytes32);
            if (core == TensorCore.MmaBytes)
            {
                Add(core, isInteger ? 80 : 192, isInteger ? Integers64 : Floats64);
                Add(core, int.MaxValue, isInteger ? Integers128 : Floats128);
                continue;
            }

            Add(core, 128, WgmmaBytes128);
            Add(core, int.MaxValue, isInteger ? WgmmaIntegers : WgmmaFloats);
        }

        return pairs.Count == 8 ? pairs : [];

        void Add(TensorCore core, int mostRows, GroupedGemmTile[] tiles, GroupedGemmTile[]? downTiles = null)
        {
            if (Fitting(spec, ExpertProduct.GateUp, tiles) is { } gateUp && Fitting(spec, ExpertProduct.Down, downTiles ?? tiles) is { } down)
                pairs.Add(new Pair(core, mostRows, gateUp, down));
        }
    }

    private static GroupedGemmTile Bytes(int m, int n, int k, int stages, int warpsM, int warpsN, int groupM = 1) => new(TensorCore.MmaBytes, m, n, k, stages, warpsM, warpsN, groupM);
}
