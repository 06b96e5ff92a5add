using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <content>
/// Weights and inputs in 8 bits: with mma on every device, where all tiles fit 99 KiB, and with wgmma. Both widths are multiples of 128, so that one tile serves
/// all sizes but for the depth.
/// </content>
public static partial class FusedMoePtx
{
    private static readonly GroupedGemmTile[] Bytes16 = [Bytes(16, 64, 256, 4, 1, 4), Bytes(16, 64, 128, 8, 1, 4)];

    private static readonly GroupedGemmTile[] Bytes16Narrow = [Bytes(16, 32, 256, 4, 1, 2), .. Bytes16];

    private static readonly GroupedGemmTile[] Bytes16Short = [Bytes(16, 64, 128, 3, 1, 4)];

    // So few slots of narrow experts that more loads have to be under way; with more, activations that every warp converts count.
    private static readonly GroupedGemmTile[] StreamedBytes8 = [Streamed(8, 32, 1024, 8, 1)];

    private static readonly GroupedGemmTile[] StreamedBytes8Down = [Streamed(8, 32, 256, 2, 8)];

    private static readonly GroupedGemmTile[] Bytes32 = [Bytes(32, 128, 128, 4, 1, 4)];

    private static readonly GroupedGemmTile[] Integers64 = [Bytes(64, 128, 128, 3, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Integers128 = [Bytes(128, 128, 128, 3, 2, 4, 8)];

    // 8-bit floats have two sums for each element of a tile.
    private static readonly GroupedGemmTile[] Floats64 = [Bytes(64, 64, 128, 4, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Floats128 = [Bytes(128, 64, 128, 3, 2, 2, 8)];

    // One persistent tile reads weights as fast as many small groups from a few rows on; 256 columns at once spare shared memory and the L2 cache, two groups that share their
    // weights the latter once more. With few blocks of rows, smaller tiles of the second product fill the last turn better.
    private static readonly GroupedGemmTile[] WgmmaBytes128 = [WgmmaBytes(128, 128, 6, 8)];

    private static readonly GroupedGemmTile[] WgmmaBytes128Turns = [WgmmaBytes(128, 128, 6, 8, 8)];

    private static readonly GroupedGemmTile[] WgmmaBytes128Wide = [WgmmaBytes(128, 256, 4, 8, 8), .. WgmmaBytes128Turns];

    private static readonly GroupedGemmTile[] WgmmaBytes256 = [WgmmaBytes(256, 256, 4, 8, 4, 2), WgmmaBytes(256, 128, 6, 8, 4, 2)];

    private static IReadOnlyList<Pair> BytePairs(FusedMoeSpec spec)
    {
        var isInteger = spec.WeightType == DType.Int8;
        var pairs = new List<Pair>();
        var few = spec.IntermediateSize <= ShortReduction ? Bytes16Narrow : Bytes16;
        var fewDown = spec.IntermediateSize < LongReduction ? Bytes16Short : Bytes16;
        Add(TensorCore.MmaBytes, 8, few, fewDown);
        Add(TensorCore.MmaBytes, 16, Bytes32, Bytes32);
        var (rows64, rows128) = isInteger ? (Integers64, Integers128) : (Floats64, Floats128);
        Add(TensorCore.MmaBytes, isInteger ? 80 : 192, rows64, rows64);
        Add(TensorCore.MmaBytes, int.MaxValue, rows128, rows128);
        if (!isInteger && spec.IntermediateSize <= ShortReduction) AddFewSlots();
        Add(TensorCore.WgmmaBytes, isInteger ? 8 : 3, Chained(few), Chained(fewDown));
        Add(TensorCore.WgmmaBytes, 64, WgmmaBytes128, WgmmaBytes128);
        Add(TensorCore.WgmmaBytes, 512, WgmmaBytes128Wide, WgmmaBytes128Turns);
        Add(TensorCore.WgmmaBytes, int.MaxValue, WgmmaBytes256, WgmmaBytes256);
        return pairs.Count(pair => pair.MaxSlots == int.MaxValue) == 8 ? pairs : [];

        void AddFewSlots()
        {
            var slots = SlotsOfTiles(spec, MaxFewStreamedTiles, StreamedColumns);
            if (slots >= spec.TopK) Add(TensorCore.WgmmaBytes, 3, Chained(StreamedBytes8), Chained(StreamedBytes8Down), slots);
        }

        void Add(TensorCore core, int maxRows, GroupedGemmTile[] gateUp, GroupedGemmTile[] down, int maxSlots = int.MaxValue)
        {
            if (Fitting(spec, core, maxRows, gateUp, down, maxSlots) is { } pair) pairs.Add(pair);
        }
    }

    private static GroupedGemmTile Bytes(int m, int n, int k, int stages, int warpsM, int warpsN, int groupM = 1) => new(TensorCore.MmaBytes, m, n, k, stages, warpsM, warpsN, groupM);
}
