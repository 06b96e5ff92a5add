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

    private const string OpenBrace = "{";
    private const string CloseBrace = "}";

    private bool IsGateUp => _shape.Product == ExpertProduct.GateUp;

    /// <summary>Whether the columns are those of gate and up projections.</summary>
    private bool IsPaired => IsGateUp && _shape.IsGated;

    private int ReductionBlocks => _shape.Reduction / _tile.BlockK;

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
        if (shape.IsConverted) return gemm.ProblemOfConversion();
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

    private int StageBytes => ConvertsInCopies ? SpecialisedStageBytes
        : _shape.IsConverted ? ConvertedStageBytes
        : MultipliesBytes ? WgmmaByteStageBytes
        : _shape.QuantizedInputs ? ByteStageBytes
        : _tile.StageBytes;

    private string WriteModule()
    {
        if (_tile.WeightsLeft) WriteWeightsLeft();
        else if (_tile.IsSpecialised) WriteSpecialised();
        else WriteUniform();
        return $$"""
            .version {{(MultipliesFloat8 && !_tile.IsSpecialised ? "8.4" : "8.0")}}
            .target {{Target}}
            .address_size 64

            .extern .shared .align 1024 .b8 stageMemory[];

            .visible .entry {{EntryName(_shape, _tile)}}(
                {{string.Join(",\n    ", Parameters.Of(_shape, FetchesWeights(_shape, _tile), RoundsIntermediate))}})
            {{(_tile.IsSpecialised ? SpecialisedDirectives : $".maxntid {_tile.Threads}, 1, 1")}}
            {
            {{_writer}}    ret;
            }

            """.Replace("\r\n", "\n");
    }

    private string Target => _tile.IsSpecialised ? "sm_90a" : _tile.Chained ? "sm_90" : MultipliesFloat8 ? "sm_89" : "sm_80";

    /// <summary>A kernel whose threads all copy and multiply, one tile a group.</summary>
    private void WriteUniform()
    {
        WriteBlockIndex();
        if (_shape.IsConverted) WriteConvertedCopySetup();
        else WriteCopySetup();
        WriteSums();
        if (_shape.IsConverted) WriteConvertedLoop();
        else WriteMmaLoop();
        WriteEpilogue();
    }

    /// <summary>Which block of rows and columns, and which slice, this group has.</summary>
    private void WriteBlockIndex()
    {
        var columnBlocks = _shape.Columns / _tile.BlockN;
        _writer.Declare("b32", "thread", "lane", "warp", "warpM", "warpN", "block", "turn", "blockM", "blockN", "firstRow", "padded", "expert", "slots", "t0", "t1", "t2");
        _writer.Declare("b64", "sortedSlots", "address", "wide");
        _writer.Declare("pred", "outside");
        if (_tile.Chained) WriteChain();
        _writer.Comment("The group's block of rows and block of columns.");
        _writer.Code($"""
            mov.u32 %thread, %tid.x;
            and.b32 %lane, %thread, 31;
            shr.u32 %warp, %thread, 5;
            rem.u32 %warpM, %warp, {_tile.WarpsM};
            div.u32 %warpN, %warp, {_tile.WarpsM};
            mov.u32 %block, %ctaid.x;
            div.u32 %t0, %block, {_tile.GroupM * columnBlocks};
            rem.u32 %turn, %block, {_tile.GroupM * columnBlocks};
            div.u32 %blockN, %turn, {_tile.GroupM};
            rem.u32 %t1, %turn, {_tile.GroupM};
            mad.lo.u32 %blockM, %t0, {_tile.GroupM}, %t1;
            mul.lo.u32 %firstRow, %blockM, {_tile.BlockM};
            ld.param.u32 %slots, [slots];
            ld.param.u64 %address, [paddedSlots];
            cvta.to.global.u64 %address, %address;
            ld.global.u32 %padded, [%address];
            setp.ge.u32 %outside, %firstRow, %padded;
            @%outside ret;
            ld.param.u64 %address, [blockExperts];
            cvta.to.global.u64 %address, %address;
            mul.wide.u32 %wide, %blockM, 4;
            add.u64 %address, %address, %wide;
            ld.global.u32 %expert, [%address];
            ld.param.u64 %sortedSlots, [sortedSlots];
            cvta.to.global.u64 %sortedSlots, %sortedSlots;
            mul.wide.u32 %wide, %firstRow, 4;
            add.u64 %sortedSlots, %sortedSlots, %wide;
            """);
        _writer.Declare("b32", "slice", "firstBlock", "blocks");
        if (_tile.SplitK == 1)
        {
            _writer.Code($"mov.u32 %blocks, {ReductionBlocks};");
            return;
        }

        _writer.Comment("The slice's part of the reduction.");
        _writer.Code($"""
            mov.u32 %slice, %ctaid.y;
            mul.lo.u32 %t0, %slice, {ReductionBlocks};
            div.u32 %firstBlock, %t0, {_tile.SplitK};
            add.u32 %t0, %t0, {ReductionBlocks};
            div.u32 %blocks, %t0, {_tile.SplitK};
            sub.u32 %blocks, %blocks, %firstBlock;
            """);
    }

    /// <summary>
    /// Lets the next kernel start as soon as there is room for it. The first product waits here for the slots; when the second
    /// starts, the first has seen them, so that the second waits only for the intermediate states, with weights already on their way.
    /// </summary>
    private void WriteChain()
    {
        if (IsGateUp) _writer.Code("griddepcontrol.wait;");
        _writer.Code("griddepcontrol.launch_dependents;");
    }

    private void WriteWaitForIntermediate()
    {
        _writer.Comment("Intermediate states are there when the kernel before this one has ended.");
        _writer.Code("griddepcontrol.wait;");
    }

    private void WriteSums()
    {
        _writer.Declare("f32", [.. Sums()]);
        foreach (var sum in Sums()) _writer.Code($"mov.f32 %{sum}, 0f00000000;");
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
