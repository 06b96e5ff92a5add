using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <summary>The tensor-core kernels of declared experts: which tiles serve how many rows of an expert, as measured on an H200.</summary>
public static partial class FusedMoePtx
{
    // A second phase costs more than shorter slices would save.
    private const int ShortestSlice = 512;

    /// <summary>A pair of kernels for a number of rows of an expert.</summary>
    /// <param name="Core">What the device must have: <c>wgmma</c> is compute capability 9.0 alone.</param>
    /// <param name="MostRows">Rows of an expert, on average, up to which the pair is the fastest; <see cref="int.MaxValue"/> for the last pair.</param>
    /// <param name="GateUp">Tile of the first product.</param>
    /// <param name="Down">Tile of the second product, with as many rows.</param>
    public sealed record Pair(TensorCore Core, int MostRows, GroupedGemmTile GateUp, GroupedGemmTile Down);

    // Few rows: the weights are read at the memory's speed by many groups that copy far ahead. All mma tiles fit 99 KiB, which
    // compute capability 8.6 has. Each list is in the order of preference; what does not divide the sizes is passed over.
    private static readonly GroupedGemmTile[] Rows16 =
        [Mma(16, 64, 128, 4, 1, 4), Mma(16, 64, 64, 8, 1, 4), Mma(16, 32, 128, 6, 1, 2), Mma(16, 32, 64, 8, 1, 2)];

    private static readonly GroupedGemmTile[] Rows16Short = [Mma(16, 128, 64, 5, 1, 4), .. Rows16];

    private static readonly GroupedGemmTile[] Rows32 = [Mma(32, 64, 128, 4, 1, 4), Mma(32, 128, 64, 4, 2, 4), Mma(32, 64, 64, 6, 1, 4), Mma(32, 32, 64, 6, 1, 2)];

    private static readonly GroupedGemmTile[] Rows32Down = [Mma(32, 128, 64, 4, 2, 4, 4), .. Rows32];

    private static readonly GroupedGemmTile[] Rows64 = [Mma(64, 128, 64, 4, 2, 4, 4), Mma(64, 64, 64, 4, 2, 2, 4), Mma(64, 32, 64, 4, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Rows64Down = [new(TensorCore.Wgmma, 64, 128, 64, 3, 4, 1, 4), .. Rows64];

    private static readonly GroupedGemmTile[] Rows128 = [Mma(128, 128, 64, 3, 2, 4, 8), Mma(128, 64, 64, 4, 2, 2, 8), Mma(128, 32, 64, 4, 4, 1, 8)];

    /// <summary>The pairs that a valid spec has, the fewest rows first; none where no tile divides its sizes or no instruction serves its types.</summary>
    public static IReadOnlyList<Pair> Pairs(FusedMoeSpec spec)
    {
        if (spec.WeightType != DType.BFloat16) return ConvertedPairs(spec);
        var pairs = new List<Pair>();
        foreach (var core in new[] { TensorCore.Mma, TensorCore.Wgmma })
        {
            var isWgmma = core == TensorCore.Wgmma;
            Add(core, 8, Rows16, spec.IntermediateSize <= 512 ? Rows16Short : Rows16);
            Add(core, 16, Rows32, Rows32Down);
            Add(core, isWgmma ? 40 : 48, Rows64, isWgmma ? Rows64Down : Rows64);
            if (!isWgmma)
            {
                Add(core, int.MaxValue, Rows128, Rows128);
                continue;
            }

            Add(core, 96, Rows128Of(1), Rows128Of(4));
            if (!Add(core, 384, Rows192Of(4), Rows192Of(4))) Add(core, 384, Rows128Of(1), Rows128Of(4));
            if (!Add(core, int.MaxValue, Rows192Of(3), Rows192Of(3))) Add(core, int.MaxValue, Rows128Of(16), Rows128Of(16));
        }

        return pairs;

        bool Add(TensorCore core, int mostRows, GroupedGemmTile[] gateUp, GroupedGemmTile[] down)
        {
            if (Fitting(spec, ExpertProduct.GateUp, gateUp) is not { } first || Fitting(spec, ExpertProduct.Down, down) is not { } second) return false;
            pairs.Add(new Pair(core, mostRows, first, second));
            return true;
        }
    }

    /// <summary>The sizes and numbers of a product.</summary>
    public static GroupedGemmShape Shape(FusedMoeSpec spec, ExpertProduct product) =>
        new(product, spec.TopK, spec.HiddenSize, spec.IntermediateSize, spec.Activation, spec.ActivationLimit)
        {
            WeightType = spec.WeightType,
            GroupSize = spec.Quantization == WeightQuantization.Block128 ? 128 : spec.GroupSize,
            ZeroPoints = spec.ZeroPoints,
            Bias = spec.Bias,
            RouterWeightOnInput = spec.RouterWeightOnInput,
        };

    private static GroupedGemmTile[] Rows128Of(int groupM) =>
    [
        new(TensorCore.Wgmma, 128, 256, 64, 4, 8, 1, groupM), new(TensorCore.Wgmma, 128, 128, 64, 3, 8, 1, groupM), new(TensorCore.Wgmma, 128, 64, 64, 4, 8, 1, groupM), .. Rows128,
    ];

    // Three warp groups: a tile as large as the registers hold, because the way from the L2 cache is what limits many rows.
    private static GroupedGemmTile[] Rows192Of(int stages) => [new(TensorCore.Wgmma, 192, 256, 64, stages, 12, 1, 4), new(TensorCore.Wgmma, 192, 128, 64, 4, 12, 1, 4)];

    private static GroupedGemmTile Mma(int m, int n, int k, int stages, int warpsM, int warpsN, int groupM = 1) => new(TensorCore.Mma, m, n, k, stages, warpsM, warpsN, groupM);

    private static GroupedGemmTile? Fitting(FusedMoeSpec spec, ExpertProduct product, GroupedGemmTile[] tiles)
    {
        var shape = Shape(spec, product);
        var slices = shape.Reduction / spec.SplitK >= ShortestSlice ? spec.SplitK : 1;
        return tiles.Select(tile => tile with { SplitK = slices }).FirstOrDefault(tile => GroupedGemm.Problem(shape, tile) is null);
    }
}
