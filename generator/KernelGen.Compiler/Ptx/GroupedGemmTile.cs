namespace KernelGen.Compiler.Ptx;

/// <summary>The tensor-core instruction of a grouped GEMM.</summary>
public enum TensorCore
{
    /// <summary><c>mma.sync.m16n8k16</c>, from sm_80 on.</summary>
    Mma,

    /// <summary><c>wgmma.mma_async.m64nNk16</c>, sm_90a alone, in persistent kernels with a warp group that only copies.</summary>
    Wgmma,

    /// <summary><c>mma.sync.m16n8k32</c> of bytes: integers from sm_80 on, 8-bit floats from sm_89 on.</summary>
    MmaBytes,

    /// <summary><c>wgmma.mma_async.m64nNk32</c> of bytes, as <see cref="Wgmma"/>.</summary>
    WgmmaBytes,
}

/// <summary>How a grouped GEMM is tiled.</summary>
/// <param name="Core">The instruction.</param>
/// <param name="BlockM">Rows of a group's tile: slots of one expert.</param>
/// <param name="BlockN">Columns of a group's tile: rows of the weight matrix.</param>
/// <param name="BlockK">Elements of the reduction in one stage, a multiple of 64, of bytes of 128.</param>
/// <param name="Stages">Stages of shared memory that copies run ahead in.</param>
/// <param name="WarpsM">Warps along the rows.</param>
/// <param name="WarpsN">Warps along the columns.</param>
/// <param name="GroupM">Blocks of rows that take turns before the next block of columns, so that they find its weights in the L2 cache.</param>
/// <param name="SplitK">Number of Split-K slices.</param>
/// <param name="Cluster">Groups that share a tile's rows evenly and each other's weights; <see cref="BlockM"/> are the rows of all of them.</param>
/// <param name="Chained">Whether the kernel may start while the one before it in the stream still runs (programmatic dependent launch, from sm_90 on).</param>
/// <param name="Resident">
/// For streaming kernels: number of thread blocks resident on an SM. This many per SM are launched, each of which computes one tile after another. Each warp
/// loads its weights straight into registers; warps share the elements of a block and not the columns, and add up their sums at the end. 0: the
/// kernel does not stream.
/// </param>
public sealed record GroupedGemmTile(
    TensorCore Core, int BlockM, int BlockN, int BlockK, int Stages, int WarpsM, int WarpsN, int GroupM = 1, int SplitK = 1, int Cluster = 1, bool Chained = false, int Resident = 0)
{
    /// <summary>Elements of two bytes in a row of shared memory: 128 bytes, the span of the swizzle.</summary>
    internal const int RowElements = 64;

    /// <summary>Bytes of a row of shared memory.</summary>
    internal const int RowBytes = RowElements * 2;

    /// <summary>Threads that execute one <c>wgmma</c> together.</summary>
    internal const int WarpGroupThreads = 128;

    /// <summary>Bytes of an mbarrier.</summary>
    internal const int BarrierBytes = 8;

    /// <summary>Threads of a group that multiplies bfloat16.</summary>
    public int Threads => (32 * WarpsM * WarpsN) + (IsSpecialised ? WarpGroupThreads : 0);

    /// <summary>Whether a warp group of its own copies.</summary>
    public bool IsSpecialised => Core is TensorCore.Wgmma or TensorCore.WgmmaBytes;

    /// <summary>
    /// Whether weights are the left operand of <c>wgmma</c>, 64 rows of them an instruction, and the tile's rows the right one: where a warp group
    /// copies and the others lie along the columns.
    /// </summary>
    public bool WeightsLeft => Core == TensorCore.Wgmma && WarpsM == 1;

    /// <summary>Whether warps load weights straight into registers.</summary>
    public bool IsStreamed => Resident > 0;

    /// <summary>Number of thread blocks resident on an SM, for a kernel whose thread blocks share all tiles; 0 for one tile per thread block.</summary>
    public int PersistentGroups => IsSpecialised ? 1 : Resident;

    /// <summary>Bytes of dynamic shared memory of a group that multiplies bfloat16; the first stage starts at a multiple of 1024.</summary>
    public int SharedBytes => (StageBytes * Stages) + 1024 + (IsSpecialised ? 2 * BarrierBytes * Stages : 0);

    /// <summary>Rows of a warp's tile.</summary>
    internal int WarpM => RowsOfGroup / WarpsM;

    /// <summary>Rows of a group's own.</summary>
    internal int RowsOfGroup => BlockM / Cluster;

    /// <summary>Columns of a warp's tile.</summary>
    internal int WarpN => BlockN / WarpsN;

    internal int StageBytes => (RowsOfGroup + BlockN) * BlockBytes;

    /// <summary>Bytes of a row in one stage.</summary>
    internal int BlockBytes => BlockK * ElementBytes;

    /// <summary>Bytes of an element of the reduction.</summary>
    internal int ElementBytes => Core is TensorCore.MmaBytes or TensorCore.WgmmaBytes ? 1 : 2;

    /// <summary>The tile in a name, such as <c>mma16x64x128s4</c>.</summary>
    public string Name
    {
        get
        {
            var core = Core switch { TensorCore.Mma => "mma", TensorCore.MmaBytes => "mmab", TensorCore.Wgmma => "wgmma", _ => "wgmmab" };
            var splitK = SplitK > 1 ? $"k{SplitK}" : "";
            var warps = $"w{WarpsM}x{WarpsN}{(IsStreamed ? $"r{Resident}" : "")}";
            var groupM = GroupM > 1 ? $"g{GroupM}" : "";
            var cluster = Cluster > 1 ? $"c{Cluster}" : "";
            return $"{core}{BlockM}x{BlockN}x{BlockK}s{Stages}{warps}{cluster}{groupM}{splitK}{(Chained ? "d" : "")}";
        }
    }

    /// <summary>What is wrong with the tile for a product of these widths; null if nothing is.</summary>
    public string? Problem(int columns, int reduction)
    {
        if (BlockBytes % RowBytes != 0 || reduction % BlockK != 0) return $"blocks of {BlockK} do not divide a reduction of {reduction}";
        if (columns % BlockN != 0) return $"blocks of {BlockN} do not divide {columns} columns";
        if (reduction / BlockK < SplitK) return $"a reduction of {reduction} has fewer blocks of {BlockK} than {SplitK} slices";
        if (IsSpecialised) return IsStreamed ? "a kernel with a copying warp group cannot stream" : ProblemOfSpecialised();
        if (IsStreamed) return ProblemOfStreamed();
        if (Cluster != 1) return "only kernels with a copying warp group support clusters";
        if (WarpN % 16 != 0 || WarpM % 16 != 0) return $"a warp's tile of {WarpM}x{WarpN} is not a multiple of 16x16";
        if (Threads < 64 || (BlockN * 8) % Threads != 0 || (BlockM * 8 > Threads && (BlockM * 8) % Threads != 0)) return $"{Threads} threads cannot share the copies evenly";
        if (Stages < 3) return $"{Stages} stages are too few for prefetching";
        return null;
    }

    private string? ProblemOfStreamed()
    {
        if (WarpsM != 1 || BlockM % 8 != 0 || BlockN % 16 != 0) return $"a single warp cannot compute a tile of {BlockM}x{BlockN}";
        if (Stages != 1 || Cluster != 1) return "streaming kernels do not support stages or clusters";
        return Threads * Resident > 2048 ? $"an SM cannot hold {Resident} thread blocks of {Threads} threads" : null;
    }

    // Rows come in halves (gate and up projections, or one for each group of a cluster) of whole boxes of 32 rows.
    private string? ProblemOfSpecialised()
    {
        if (WeightsLeft) return ProblemOfWeightsLeft();
        if (BlockBytes != RowBytes) return $"a stage of {BlockK} elements is not one row of shared memory";
        if (BlockN % (2 * DealtRows) != 0 || BlockN > 256) return $"{BlockN} columns are not two halves of whole boxes, with at most 256 columns";
        if (WarpsN != 1 || WarpsM is not (4 or 8)) return "one or two warp groups of 64 rows can multiply; three have too few registers";
        if (Cluster is not (1 or 2) || WarpM != 16) return $"{Cluster} thread blocks of {WarpsM} warps cannot compute {BlockM} rows";
        return Stages < 2 ? $"{Stages} stages are too few for prefetching" : null;
    }

    // One instruction multiplies 64 columns and eight rows or a multiple, 256 at most.
    private string? ProblemOfWeightsLeft()
    {
        if (WarpsN is not (4 or 8) || BlockN % (16 * WarpsN) != 0 || BlockN > 256) return $"{WarpsN} warps are not one or two warp groups that share {BlockN} columns, 256 at most, in parts of 64";
        if (BlockM % 8 != 0 || BlockM is < 8 or > 256) return $"{BlockM} rows are not a multiple of 8 from 8 to 256";
        if (Cluster != 1) return "kernels with weights on the left do not support clusters";
        return Stages < 2 ? $"{Stages} stages are too few for prefetching" : null;
    }

    /// <summary>Weight rows that are dealt out among the rows of a box of shared memory.</summary>
    internal const int DealtRows = 32;
}
