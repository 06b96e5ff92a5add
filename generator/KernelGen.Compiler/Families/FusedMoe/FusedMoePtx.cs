using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <summary>The tensor-core kernels of declared experts: which tiles serve how many rows of an expert, as measured on an H200.</summary>
public static partial class FusedMoePtx
{
    // A second phase costs more than shorter slices would save.
    private const int ShortestSlice = 512;

    private const int ShortReduction = 512;

    // Tiles of so many columns are the fastest where there are enough of them, which is more than three for four multiprocessors of an H200.
    internal const int UsualColumns = 64;
    private const int MaxFewTiles = 98;

    /// <summary>A pair of kernels for a number of rows of an expert.</summary>
    /// <param name="Core">What the device must have: <c>wgmma</c>, also of bytes, is compute capability 9.0 alone.</param>
    /// <param name="MaxRows">Rows of an expert, on average, up to which the pair is the fastest; <see cref="int.MaxValue"/> for the last pair.</param>
    /// <param name="GateUp">Tile of the first product.</param>
    /// <param name="Down">Tile of the second product, with as many rows.</param>
    public sealed record Pair(TensorCore Core, int MaxRows, GroupedGemmTile GateUp, GroupedGemmTile Down)
    {
        /// <summary>Whether the pair is one of those for devices with <c>wgmma</c>.</summary>
        public bool NeedsWgmma => Core is TensorCore.Wgmma or TensorCore.WgmmaBytes;

        /// <summary>Slots up to which the pair is the fastest, however few rows an expert has.</summary>
        public int MaxSlots { get; init; } = int.MaxValue;

        /// <summary>Whether the pair serves so many slots of so many experts.</summary>
        public bool Serves(long slots, int experts) => slots <= MaxSlots && slots <= MaxRows * Math.Min(slots, experts);
    }

    // Few rows: the weights are read at the memory's speed by many groups that copy far ahead. All mma tiles fit 99 KiB, which
    // compute capability 8.6 has. Each list is in the order of preference; what does not divide the sizes is passed over.
    private static readonly GroupedGemmTile[] Rows16 =
        [Mma(16, 64, 128, 4, 1, 4), Mma(16, 64, 64, 8, 1, 4), Mma(16, 32, 128, 6, 1, 2), Mma(16, 32, 64, 8, 1, 2)];

    private static readonly GroupedGemmTile[] Rows16Short = [Mma(16, 128, 64, 5, 1, 4), .. Rows16];

    // The groups of a chained kernel go where the one before it leaves room first: many small ones fill all multiprocessors alike.
    private static readonly GroupedGemmTile[] Rows16Narrow = [Mma(16, 32, 128, 8, 1, 2), .. Rows16];

    // So few slots that wider tiles would leave multiprocessors idle; where shared memory allows, with stages as deep as two wider tiles have them.
    private static readonly GroupedGemmTile[] FewTiles = [Mma(16, 32, 128, 6, 1, 2), Mma(16, 32, 64, 8, 1, 2)];

    private static readonly GroupedGemmTile[] FewDeepTiles = [Mma(16, 32, 256, 6, 1, 2), Mma(16, 32, 128, 8, 1, 2), .. FewTiles];

    // A short reduction has all of its weights under way at once, in as many groups as a multiprocessor holds.
    private static readonly GroupedGemmTile[] FewTilesShort = [Mma(16, 64, 64, 3, 1, 2), .. Rows16Short];

    private static readonly GroupedGemmTile[] Rows32 = [Mma(32, 64, 128, 4, 1, 4), Mma(32, 128, 64, 4, 2, 4), Mma(32, 64, 64, 6, 1, 4), Mma(32, 32, 64, 6, 1, 2)];

    private static readonly GroupedGemmTile[] Rows32Down = [Mma(32, 128, 64, 4, 2, 4, 4), .. Rows32];

    private static readonly GroupedGemmTile[] Rows64 = [Mma(64, 128, 64, 4, 2, 4, 4), Mma(64, 64, 64, 4, 2, 2, 4), Mma(64, 32, 64, 4, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Rows128 = [Mma(128, 128, 64, 3, 2, 4, 8), Mma(128, 64, 64, 4, 2, 2, 8), Mma(128, 32, 64, 4, 4, 1, 8)];

    // Persistent kernels, which keep copies under way from one tile to the next. What limits many rows is the way from the L2 cache
    // and, in the long run, power: two groups that share their weights read the least. A short reduction is mostly epilogue, which
    // eight warps a multiprocessor do faster than four.
    private const int LongReduction = 2048;

    // 192 columns divide gpt-oss's 2880.
    private static readonly GroupedGemmTile[] Wgmma128 = [Wgmma(128, 128, 6, 8), Wgmma(128, 192, 5, 8), Wgmma(128, 64, 8, 8)];

    private static readonly GroupedGemmTile[] Wgmma128Clustered = [Wgmma(128, 256, 5, 4, 8, 2), Wgmma(128, 192, 6, 4, 8, 2), .. Wgmma128];

    private static readonly GroupedGemmTile[] Wgmma128Wide = [Wgmma(128, 256, 4, 8, 8), Wgmma(128, 192, 5, 8, 8), .. Wgmma128];

    /// <summary>The pairs that a valid spec has, the fewest rows first; none where no tile divides its sizes or no instruction serves its types.</summary>
    public static IReadOnlyList<Pair> Pairs(FusedMoeSpec spec)
    {
        if (spec.ActivationQuantization != ActivationQuantization.None) return BytePairs(spec);
        if (spec.WeightType != DType.BFloat16) return ConvertedPairs(spec);
        var pairs = new List<Pair>();
        AddFew(TensorCore.Mma, FewTiles, FewTilesDown(spec));
        Add(TensorCore.Mma, 8, Rows16, RowsDown16(spec));
        Add(TensorCore.Mma, 16, Rows32, Rows32Down);
        Add(TensorCore.Mma, 48, Rows64, Rows64);
        Add(TensorCore.Mma, int.MaxValue, Rows128, Rows128);
        AddFew(TensorCore.Wgmma, Chained(FewDeepTiles), Chained(FewTilesDown(spec)));
        var left = FewRowsOfManyExperts(spec);
        Add(TensorCore.Wgmma, 8, Chained(Rows16), Chained(spec.IntermediateSize >= LongReduction ? Rows16Narrow : RowsDown16(spec)), left is null ? int.MaxValue : FewestSlots(spec, left) - 1);
        if (left is not null) pairs.Add(left);
        Add(TensorCore.Wgmma, 24, Left32, Left32);
        Add(TensorCore.Wgmma, 36, Left48, Left48Down);
        Add(TensorCore.Wgmma, 96, Wgmma128, Wgmma128);
        if (Add(TensorCore.Wgmma, 384, Left144, Left144)) Add(TensorCore.Wgmma, int.MaxValue, Left176, Left176);
        else Add(TensorCore.Wgmma, int.MaxValue, Wgmma128Clustered, spec.IntermediateSize >= LongReduction ? Wgmma128Clustered : Wgmma128Wide);
        return pairs;

        bool Add(TensorCore core, int maxRows, GroupedGemmTile[] gateUp, GroupedGemmTile[] down, int maxSlots = int.MaxValue)
        {
            if (Fitting(spec, core, maxRows, gateUp, down, maxSlots) is not { } pair) return false;
            pairs.Add(pair);
            return true;
        }

        void AddFew(TensorCore core, GroupedGemmTile[] gateUp, GroupedGemmTile[] down)
        {
            var slots = SlotsOfTiles(spec, MaxFewTiles, UsualColumns);
            if (slots >= spec.TopK) Add(core, 8, gateUp, down, slots);
        }
    }

    /// <summary>Columns of a tile of the first product where slots are few: slices of the reduction are what such tiles leave multiprocessors idle for.</summary>
    public static int ColumnsOfFewSlots(FusedMoeSpec spec) => Pairs(spec).FirstOrDefault(pair => pair.MaxSlots < int.MaxValue)?.GateUp.BlockN ?? UsualColumns;

    /// <summary>The sizes and numbers of a product.</summary>
    public static GroupedGemmShape Shape(FusedMoeSpec spec, ExpertProduct product) =>
        new(product, spec.TopK, spec.HiddenSize, spec.IntermediateSize, spec.Activation, spec.ActivationLimit)
        {
            WeightType = spec.WeightType,
            GroupSize = spec.Quantization == WeightQuantization.Block128 ? 128 : spec.GroupSize,
            ScaledRows = spec.Quantization == WeightQuantization.Block128 ? 128 : 1,
            ZeroPoints = spec.ZeroPoints,
            QuantizedInputs = spec.ActivationQuantization != ActivationQuantization.None,
            Bias = spec.Bias,
            RouterWeightOnInput = spec.RouterWeightOnInput,
        };

    private static GroupedGemmTile[] RowsDown16(FusedMoeSpec spec) => spec.IntermediateSize <= ShortReduction ? Rows16Short : Rows16;

    private static GroupedGemmTile[] FewTilesDown(FusedMoeSpec spec) => spec.IntermediateSize <= ShortReduction ? FewTilesShort : Rows16;

    /// <summary>Tiles whose kernels may start while the one before them still runs.</summary>
    private static GroupedGemmTile[] Chained(GroupedGemmTile[] tiles) => Array.ConvertAll(tiles, tile => tile with { Chained = true });

    private static GroupedGemmTile Mma(int m, int n, int k, int stages, int warpsM, int warpsN, int groupM = 1) => new(TensorCore.Mma, m, n, k, stages, warpsM, warpsN, groupM);

    private static GroupedGemmTile Wgmma(int m, int n, int stages, int warpsM, int groupM = 1, int cluster = 1) =>
        new(TensorCore.Wgmma, m, n, 64, stages, warpsM, 1, groupM, Cluster: cluster, Chained: true);

    private static GroupedGemmTile WgmmaBytes(int m, int n, int stages, int warpsM, int groupM = 1, int cluster = 1) =>
        new(TensorCore.WgmmaBytes, m, n, 128, stages, warpsM, 1, groupM, Cluster: cluster, Chained: true);

    /// <summary>Slots whose tiles of the first product, of so many columns, are at most so many.</summary>
    private static int SlotsOfTiles(FusedMoeSpec spec, int maxTiles, int columns) => maxTiles / Math.Max(Shape(spec, ExpertProduct.GateUp).Columns / columns, 1);

    private static Pair? Fitting(FusedMoeSpec spec, TensorCore core, int maxRows, GroupedGemmTile[] gateUp, GroupedGemmTile[] down, int maxSlots = int.MaxValue) =>
        Fitting(spec, ExpertProduct.GateUp, gateUp) is { } first && Fitting(spec, ExpertProduct.Down, down) is { } second ? new Pair(core, maxRows, first, second) { MaxSlots = maxSlots } : null;

    private static GroupedGemmTile? Fitting(FusedMoeSpec spec, ExpertProduct product, GroupedGemmTile[] tiles)
    {
        var shape = Shape(spec, product);
        var slices = shape.Reduction / spec.SplitK >= ShortestSlice ? spec.SplitK : 1;
        return tiles.Select(tile => tile with { SplitK = slices }).FirstOrDefault(tile => GroupedGemm.Problem(shape, tile) is null);
    }
}
