namespace KernelGen.Compiler.Ptx;

/// <summary>The tensor-core instruction of a grouped GEMM.</summary>
public enum TensorCore
{
    /// <summary><c>mma.sync.m16n8k16</c>, from sm_80 on.</summary>
    Mma,

    /// <summary><c>wgmma.mma_async.m64nNk16</c>, sm_90a alone.</summary>
    Wgmma,
}

/// <summary>How a grouped GEMM is cut into groups of threads.</summary>
/// <param name="Core">The instruction.</param>
/// <param name="BlockM">Rows of a group's tile: slots of one expert.</param>
/// <param name="BlockN">Columns of a group's tile: rows of the weight matrix.</param>
/// <param name="BlockK">Elements of the reduction in one stage, a multiple of 64.</param>
/// <param name="Stages">Stages of shared memory that copies run ahead in.</param>
/// <param name="WarpsM">Warps along the rows.</param>
/// <param name="WarpsN">Warps along the columns.</param>
/// <param name="GroupM">Blocks of rows that take turns before the next block of columns, so that they find its weights in the L2 cache.</param>
/// <param name="SplitK">Slices of the reduction.</param>
/// <param name="SlicedK">
/// Whether the warps along the columns share the elements of a stage and not the columns, and add up their sums at the end. The activations,
/// which every warp needs for its columns, are then read once.
/// </param>
public sealed record GroupedGemmTile(TensorCore Core, int BlockM, int BlockN, int BlockK, int Stages, int WarpsM, int WarpsN, int GroupM = 1, int SplitK = 1, bool SlicedK = false)
{
    /// <summary>Elements of a row of shared memory: 128 bytes, the span of the swizzle.</summary>
    internal const int RowElements = 64;

    /// <summary>Bytes of a row of shared memory.</summary>
    internal const int RowBytes = RowElements * 2;

    /// <summary>Threads of a group.</summary>
    public int Threads => 32 * WarpsM * WarpsN;

    /// <summary>Threads that copy: of an odd number of warp groups the first ones.</summary>
    internal int CopyThreads => Threads == 384 ? 256 : Threads;

    /// <summary>Bytes of dynamic shared memory of a group that multiplies bfloat16; the first stage starts at a multiple of 1024.</summary>
    public int SharedBytes => (StageBytes * Stages) + 1024;

    /// <summary>Rows of a warp's tile.</summary>
    internal int WarpM => BlockM / WarpsM;

    /// <summary>Columns of a warp's tile.</summary>
    internal int WarpN => BlockN / WarpsN;

    internal int StageBytes => (BlockM + BlockN) * BlockK * 2;

    /// <summary>The tile in a name, such as <c>mma16x64x128s4</c>.</summary>
    public string Name
    {
        get
        {
            var splitK = SplitK > 1 ? $"k{SplitK}" : "";
            var warps = $"w{WarpsM}x{WarpsN}{(SlicedK ? "s" : "")}";
            var groupM = GroupM > 1 ? $"g{GroupM}" : "";
            return $"{(Core == TensorCore.Mma ? "mma" : "wgmma")}{BlockM}x{BlockN}x{BlockK}s{Stages}{warps}{groupM}{splitK}";
        }
    }

    /// <summary>What is wrong with the tile for a product of these widths; null if nothing is.</summary>
    public string? Problem(int columns, int reduction)
    {
        if (BlockK % RowElements != 0 || reduction % BlockK != 0) return $"blocks of {BlockK} do not divide a reduction of {reduction}";
        if (columns % BlockN != 0) return $"blocks of {BlockN} do not divide {columns} columns";
        if (reduction / BlockK < SplitK) return $"a reduction of {reduction} has fewer blocks of {BlockK} than {SplitK} slices";
        if (WarpN % 16 != 0 || WarpM % 16 != 0) return $"a warp's tile of {WarpM}x{WarpN} is no multiple of 16x16";
        if (Threads < 64 || (BlockN * 8) % CopyThreads != 0 || (BlockM * 8 > CopyThreads && (BlockM * 8) % CopyThreads != 0)) return $"{Threads} threads cannot share the copies evenly";
        if (Stages < 3) return $"{Stages} stages are too few to copy ahead";
        if (Core == TensorCore.Wgmma && (WarpM != 16 || WarpsM % 4 != 0 || WarpN > 256)) return "warp groups of wgmma hold 64 rows and at most 256 columns";
        return null;
    }
}
