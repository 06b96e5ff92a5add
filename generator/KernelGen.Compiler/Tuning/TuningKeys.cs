namespace KernelGen.Compiler.Tuning;

/// <summary>The supported keys of a tuning file's entries, and their ranges.</summary>
public static class TuningKeys
{
    /// <summary>Rows per block: tokens of one expert. On a CPU, tokens per panel.</summary>
    public const string BlockM = "BLOCK_SIZE_M";

    /// <summary>Columns per block. On a CPU, columns per work item.</summary>
    public const string BlockN = "BLOCK_SIZE_N";

    /// <summary>K-depth that is processed at a time.</summary>
    public const string BlockK = "BLOCK_SIZE_K";

    /// <summary>Number of Split-K slices; 1 by default.</summary>
    public const string SplitK = "SPLIT_K";

    /// <summary>GPU: number of row blocks that are processed in turn before the next columns.</summary>
    public const string GroupM = "GROUP_SIZE_M";

    /// <summary>GPU: warps per block.</summary>
    public const string Warps = "num_warps";

    /// <summary>GPU: stages of the software pipeline.</summary>
    public const string Stages = "num_stages";

    /// <summary>GPU: whether Triton copies with tensor descriptors.</summary>
    public const string UseTma = "USE_TMA";

    /// <summary>CPU: width in bits of the widest vectors that the kernel uses. Only entries for CPUs have it.</summary>
    public const string VectorBits = "VECTOR_BITS";

    /// <summary>CPU: weight rows of a register tile.</summary>
    public const string TileN = "TILE_SIZE_N";

    /// <summary>CPU: maximum number of an expert's tokens that are computed row by row against streaming weights.</summary>
    public const string RowM = "ROW_SIZE_M";

    /// <summary>Top level of vLLM's files: the Triton version used for measuring.</summary>
    public const string TritonVersion = "triton_version";

    /// <summary>The range of a key's number; null for keys that are kept but not read.</summary>
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
