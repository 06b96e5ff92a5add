namespace KernelGen.Compiler.Tuning;

/// <summary>The keys of a tuning file's entries that mean something here, and what their numbers may be.</summary>
public static class TuningKeys
{
    /// <summary>Rows of a block: tokens of one expert. On a CPU, tokens that lie side by side in a panel.</summary>
    public const string BlockM = "BLOCK_SIZE_M";

    /// <summary>Columns of a block. On a CPU, columns that one work item computes.</summary>
    public const string BlockN = "BLOCK_SIZE_N";

    /// <summary>Elements of the reduction that are taken at a time.</summary>
    public const string BlockK = "BLOCK_SIZE_K";

    /// <summary>Slices of the reduction; 1 where it is left out.</summary>
    public const string SplitK = "SPLIT_K";

    /// <summary>GPU: blocks of rows that take turns before the next columns.</summary>
    public const string GroupM = "GROUP_SIZE_M";

    /// <summary>GPU: warps of a block.</summary>
    public const string Warps = "num_warps";

    /// <summary>GPU: stages of the software pipeline.</summary>
    public const string Stages = "num_stages";

    /// <summary>GPU: whether Triton copies by tensor descriptors.</summary>
    public const string UseTma = "USE_TMA";

    /// <summary>CPU: bits of the widest vectors that the kernel uses. Only entries for CPUs have it.</summary>
    public const string VectorBits = "VECTOR_BITS";

    /// <summary>CPU: weight rows of a register tile.</summary>
    public const string TileN = "TILE_SIZE_N";

    /// <summary>CPU: most tokens that, alone, are taken as rows against streaming weights.</summary>
    public const string RowM = "ROW_SIZE_M";

    /// <summary>Top level of vLLM's files: the version of Triton that was measured with.</summary>
    public const string TritonVersion = "triton_version";

    /// <summary>What the number of a key may be; null for keys that are kept and not read.</summary>
    internal static (int Least, int Most)? RangeOf(string key) => key switch
    {
        BlockM or BlockN or BlockK => (1, 4096),
        SplitK => (1, 64),
        GroupM => (1, 4096),
        Warps => (1, 32),
        Stages => (0, 32), // files for ROCm say 0
        VectorBits => (128, 512),
        TileN => (1, 64),
        RowM => (1, 64),
        _ => null,
    };
}
