namespace KernelGen.Compiler.Ptx;

/// <summary>Rows of shared memory of 128 bytes whose eight 16-byte chunks are exchanged by the row number's low bits, so that eight rows of one chunk lie in different banks.</summary>
internal static class Swizzle
{
    /// <summary>Bytes that one thread copies at once.</summary>
    public const int ChunkBytes = 16;

    /// <summary>Chunks of a row.</summary>
    public const int ChunksOfRow = GroupedGemmTile.RowBytes / ChunkBytes;

    /// <summary>Eight rows, after which the swizzle repeats.</summary>
    public const int Bytes = 8 * GroupedGemmTile.RowBytes;
}
