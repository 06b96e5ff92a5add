using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <content>Weights that become bfloat16 on their way to the tensor cores: with mma on every device, where all tiles fit 99 KiB, and with wgmma.</content>
public static partial class FusedMoePtx
{
    // Few rows stream. Narrow tiles, of which many are under way, leave registers for a turn of loads; with more rows wider ones read the
    // activations less often. Where columns are few, more warps share a tile's reduction.
    private static readonly GroupedGemmTile[] Streamed8Of16Bits = [Streamed(8, 32, 256, 4, 4), Streamed(8, 32, 64, 2, 8)];

    private static readonly GroupedGemmTile[] Streamed8Of16BitsDown = [Streamed(8, 32, 512, 8, 2), .. Streamed8Of16Bits];

    private static readonly GroupedGemmTile[] Streamed8Of8Bits = [Streamed(8, 32, 512, 4, 5), Streamed(8, 32, 256, 2, 10), Streamed(8, 32, 64, 2, 10)];

    private static readonly GroupedGemmTile[] Streamed8Of8BitsDown = [Streamed(8, 32, 1024, 8, 2), .. Streamed8Of8Bits];

    private static readonly GroupedGemmTile[] Streamed8Of4Bits = [Streamed(8, 32, 1024, 4, 4), Streamed(8, 32, 256, 2, 10), Streamed(8, 32, 64, 2, 10)];

    // Each group of a turn wants registers for its scale, its zero point and their next ones: shorter turns.
    private static readonly GroupedGemmTile[] Streamed8OfShortGroups = [Streamed(8, 64, 256, 4, 4), Streamed(8, 32, 64, 2, 10)];

    private static readonly GroupedGemmTile[] Streamed8OfZeroPoints = [Streamed(8, 32, 512, 4, 4), Streamed(8, 32, 256, 2, 8), Streamed(8, 32, 64, 2, 8)];

    // So few slots that wider tiles, or fewer warps, would have too few loads under way: the fewer bits, the sooner arithmetic counts instead. These kernels are chained; with
    // more slots the groups of the next one would be in the way of those that still load.
    private static readonly GroupedGemmTile[] Streamed8Narrow = [Streamed(8, 16, 1024, 8, 3)];

    private static readonly GroupedGemmTile[] Streamed8NarrowOf16Bits = [Streamed(8, 32, 1024, 16, 1)];

    private static readonly GroupedGemmTile[] Streamed8NarrowDown = [Streamed(8, 16, 256, 4, 8)];

    private const int StreamedColumns = 32;

    // In tiles of so many columns, two of an H200's multiprocessor; of 8 bits eight.
    private const int MaxFewStreamedTiles = 264;
    private const int MaxFewStreamedTilesOf8Bits = 1024;

    private static readonly GroupedGemmTile[] Streamed16Of16Bits = [Streamed(16, 32, 256, 4, 4), Streamed(16, 32, 64, 2, 8)];

    private static readonly GroupedGemmTile[] Streamed16 = [Streamed(16, 32, 512, 4, 4), Streamed(16, 32, 256, 2, 8), Streamed(16, 32, 64, 2, 8)];

    private static readonly GroupedGemmTile[] Streamed24Of16Bits = [Streamed(24, 64, 256, 4, 3), Streamed(24, 32, 64, 2, 6)];

    private static readonly GroupedGemmTile[] Streamed24 = [Streamed(24, 64, 512, 4, 2), Streamed(24, 64, 256, 2, 4), Streamed(24, 32, 64, 2, 6)];

    private static readonly GroupedGemmTile[] Streamed32 = [Streamed(32, 64, 256, 4, 2), Streamed(32, 32, 64, 2, 6)];

    // Without groups, whose sums are kept apart, there are registers for more rows.
    private static readonly GroupedGemmTile[] Streamed40 = [Streamed(40, 64, 256, 4, 2), Streamed(40, 32, 64, 2, 6)];

    private static readonly GroupedGemmTile[] Converted128 = [Mma(128, 128, 64, 3, 2, 4, 8), Mma(128, 64, 64, 3, 2, 2, 8)];

    private static readonly GroupedGemmTile[] WgmmaConverted = [Wgmma(128, 256, 4, 8, 8), Wgmma(128, 192, 5, 8, 8), Wgmma(128, 128, 6, 8, 8), Wgmma(128, 64, 8, 8, 8)];

    // The sums of groups, or the rests of fp16, take as much room again.
    private static readonly GroupedGemmTile[] WgmmaConvertedTwice = [Wgmma(128, 128, 4, 8, 8), Wgmma(128, 64, 6, 8, 8)];

    private static IReadOnlyList<Pair> ConvertedPairs(FusedMoeSpec spec)
    {
        if (spec.WeightType == DType.Float32) return []; // which no tensor core multiplies as exactly
        var hasShortGroups = spec.GroupSize is > 0 and < 128;
        var (few, fewDown) = spec.WeightType switch
        {
            _ when hasShortGroups => (Streamed8OfShortGroups, Streamed8OfShortGroups),
            _ when spec.ZeroPoints => (Streamed8OfZeroPoints, Streamed8OfZeroPoints),
            DType.Float16 => (Streamed8Of16Bits, Streamed8Of16BitsDown),
            DType.Int4 => (Streamed8Of4Bits, Streamed8Of4Bits),
            _ => (Streamed8Of8Bits, Streamed8Of8BitsDown),
        };
        var (rows16, rows24) = spec.WeightType == DType.Float16 ? (Streamed16Of16Bits, Streamed24Of16Bits) : (Streamed16, Streamed24);
        var pairs = new List<Pair>();
        var hasGroups = Shape(spec, ExpertProduct.GateUp).GroupSize > 0;
        var hasRowScales = spec.WeightType != DType.Float16 && !hasGroups;
        foreach (var core in new[] { TensorCore.Mma, TensorCore.Wgmma })
        {
            if (core == TensorCore.Wgmma && !hasShortGroups && !spec.ZeroPoints) AddFewSlots();
            Add(core, 5, few, fewDown);
            Add(core, 10, rows16, rows16);
            if (!hasShortGroups && !spec.ZeroPoints) Add(core, 18, rows24, rows24);
            if (core == TensorCore.Wgmma)
            {
                // A tile of wgmma takes as long with few rows as with many: it comes where one streaming tile no longer has them all.
                var many = hasRowScales ? WgmmaConverted : WgmmaConvertedTwice;
                Add(core, 26, Streamed32, Streamed32);
                Add(core, int.MaxValue, many, many);
                continue;
            }

            Add(core, hasRowScales ? 26 : 160, Streamed32, Streamed32);
            if (hasRowScales) Add(core, 160, Streamed40, Streamed40);
            Add(core, int.MaxValue, Converted128, Converted128);
        }

        return pairs;

        void AddFewSlots()
        {
            var (narrow, maxTiles) = spec.WeightType switch
            {
                DType.Float16 => (Streamed8NarrowOf16Bits, MaxFewStreamedTiles),
                DType.Int4 => (Streamed8Narrow, MaxFewStreamedTiles),
                _ => (Streamed8Narrow, MaxFewStreamedTilesOf8Bits),
            };
            var slots = SlotsOfTiles(spec, maxTiles, StreamedColumns);
            var isNarrow = slots >= spec.TopK;
            var isNarrowDown = spec.IntermediateSize is > ShortReduction and < LongReduction;
            if (!isNarrow && !isNarrowDown) return;
            GroupedGemmTile[] gateUp = isNarrow ? [.. narrow, .. few] : few;
            GroupedGemmTile[] down = isNarrowDown ? [.. Streamed8NarrowDown, .. fewDown] : fewDown;
            Add(TensorCore.Wgmma, 5, Chained(gateUp), Chained(down), Math.Max(slots, spec.TopK));
        }

        void Add(TensorCore core, int maxRows, GroupedGemmTile[] gateUp, GroupedGemmTile[] down, int maxSlots = int.MaxValue)
        {
            if (Fitting(spec, core, maxRows, gateUp, down, maxSlots) is { } pair) pairs.Add(pair);
        }
    }

    private static GroupedGemmTile Streamed(int m, int n, int k, int warps, int resident) => new(TensorCore.Mma, m, n, k, 1, 1, warps, Resident: resident);
}
