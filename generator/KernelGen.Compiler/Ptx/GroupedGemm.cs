namespace KernelGen.Compiler.Ptx;

/// <summary>The two products of an expert.</summary>
public enum ExpertProduct
{
    /// <summary>Hidden states times gate and up projections, then the activation.</summary>
    GateUp,

    /// <summary>Intermediate states times the down projection, times the router weight.</summary>
    Down,
}

/// <summary>
/// Writes the PTX of a grouped GEMM: each group of threads multiplies a block of gathered rows, all of one expert, with a block
/// of that expert's weights. bfloat16 activations, fp32 sums; weights of another type become bfloat16 on the way
/// (<see cref="WeightConversion"/>), or both are bytes of one type.
/// </summary>
/// <remarks>
/// Parameters of the entry are those of <see cref="ExpertGemmParameter"/>; what a shape does not have is not read. The output is, for the first product, intermediate
/// states (bf16, or fp32 that become bytes, or bytes, [slots, I]) or with Split-K the bare sums of each slice (fp32, of integers int32, [slices, slots, 2I or I]); for the second the weighted
/// sums (bf16, [slots, H], or of each slice fp32, [slices, slots, H], with the bias in the first). The grid is (⌈blocks / GROUP_M⌉ · GROUP_M · columns / BLOCK_N, slices); groups behind the last block leave at once. Of kernels with
/// <c>wgmma</c>, which take a tensor map of weights that are bfloat16, and of those that stream, as many groups as run at once share all tiles.
/// </remarks>
public sealed partial class GroupedGemm
{
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly PtxWriter _writer = new();

    private GroupedGemm(GroupedGemmShape shape, GroupedGemmTile tile) => (_shape, _tile) = (shape, tile);

    private const int ChunkBytes = Swizzle.ChunkBytes;
    private const int ChunksOfRow = Swizzle.ChunksOfRow;
    private const int StepsOfPart = GroupedGemmTile.RowElements / 16;
    private const int WarpRows = LeftWgmma.WarpRows;

    private const string OpenBrace = "{";
    private const string CloseBrace = "}";

    private bool IsGateUp => _shape.Product == ExpertProduct.GateUp;

    /// <summary>Whether the columns are those of gate and up projections.</summary>
    private bool IsPaired => IsGateUp && _shape.IsGated;

    private int ReductionBlocks => _shape.Reduction / _tile.BlockK;

    private long WeightRowBytes => _shape.WeightRowBytes;

    private int FragmentsM => _tile.WarpM / 16;

    private int FragmentsN => _tile.WarpN / 8;

    /// <summary>Name of the entry.</summary>
    public static string EntryName(GroupedGemmShape shape, GroupedGemmTile tile) =>
        $"{(shape.Product == ExpertProduct.GateUp ? "gateup" : "down")}_{tile.Name}";

    /// <summary>The module.</summary>
    /// <exception cref="ArgumentException">The tile does not fit the shape.</exception>
    public static string Write(GroupedGemmShape shape, GroupedGemmTile tile)
    {
        if (Problem(shape, tile) is { } problem) throw new ArgumentException(problem, nameof(tile));
        return KernelOf(shape, tile)?.WriteModule(EntryName(shape, tile)) ?? new GroupedGemm(shape, tile).WriteModule();
    }

    /// <summary>What is wrong with a tile for a product; null if nothing is.</summary>
    public static string? Problem(GroupedGemmShape shape, GroupedGemmTile tile)
    {
        if (tile.Problem(shape.Columns, shape.Reduction) is { } problem) return problem;
        var gemm = new GroupedGemm(shape, tile);
        if (KernelOf(shape, tile) is { } kernel) return kernel.Problem();
        if (shape.IsConverted) return shape.WeightType == DType.Float32 ? GroupedGemmShape.ProblemOfFloat32 : gemm.ProblemOfSpecialisedConversion();
        if (shape.QuantizedInputs || tile.ElementBytes == 1) return gemm.ProblemOfBytes();
        return null;
    }

    private static GemmKernel? KernelOf(GroupedGemmShape shape, GroupedGemmTile tile) =>
        tile.WeightsLeft ? new WeightsLeftKernel(shape, tile) : tile.IsSpecialised ? null : tile.IsStreamed ? new StreamedKernel(shape, tile) : new MultistageKernel(shape, tile);

    /// <summary>Bytes of dynamic shared memory of a group.</summary>
    public static int SharedBytes(GroupedGemmShape shape, GroupedGemmTile tile) =>
        KernelOf(shape, tile)?.SharedBytes ?? (tile.SharedBytes + ((new GroupedGemm(shape, tile).StageBytes - tile.StageBytes) * tile.Stages));

    /// <summary>Threads of a group.</summary>
    public static int Threads(GroupedGemmShape shape, GroupedGemmTile tile) => new GroupedGemm(shape, tile).ThreadsOfGroup;

    private int ThreadsOfGroup => _tile.Threads + (ConvertsInCopies ? (ConvertingGroups - 1) * GroupedGemmTile.WarpGroupThreads : 0);

    private int StageBytes => ConvertsInCopies ? SpecialisedStageBytes : MultipliesBytes ? WgmmaByteStageBytes : _tile.StageBytes;

    private string WriteModule()
    {
        WriteSpecialised();
        return $$"""
            .version 8.0
            .target sm_90a
            .address_size 64

            .extern .shared .align 1024 .b8 stageMemory[];

            .visible .entry {{EntryName(_shape, _tile)}}(
                {{string.Join(",\n    ", Parameters.Of(_shape, FetchesWeights(_shape, _tile), RoundsIntermediate))}})
            {{SpecialisedDirectives}}
            {
            {{_writer}}    ret;
            }

            """.Replace("\r\n", "\n");
    }

    private IEnumerable<string> Sums() =>
        from m in Enumerable.Range(0, FragmentsM)
        from n in Enumerable.Range(0, FragmentsN)
        from element in Enumerable.Range(0, 4)
        select Sum(m, n, element);

    /// <summary>
    /// The sum of a thread in a 16×8 fragment. Elements 0 and 1 are columns 2·(lane mod 4) and the next, of row lane ÷ 4;
    /// elements 2 and 3 the same of the row 8 further on. Both instructions lay sums out so.
    /// </summary>
    private static string Sum(int fragmentM, int fragmentN, int element) => $"sum{fragmentM}_{fragmentN}_{element}";
}
