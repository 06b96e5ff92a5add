namespace KernelGen.Compiler.Ptx;

/// <summary>Rows of shared memory of 128 bytes whose eight 16-byte chunks are permuted by the row number's low bits, so that one chunk of eight rows is in different banks.</summary>
internal static class Swizzle
{
    /// <summary>Bytes that one thread copies at once.</summary>
    public const int ChunkBytes = 16;

    /// <summary>Chunks of a row.</summary>
    public const int ChunksOfRow = GroupedGemmTile.RowBytes / ChunkBytes;

    /// <summary>Eight rows, after which the swizzle repeats.</summary>
    public const int Bytes = 8 * GroupedGemmTile.RowBytes;

    /// <summary>Where a chunk lies among rows of shared memory.</summary>
    public static void WritePlace(PtxWriter writer, Scratch scratch, B32 row, B32 chunk, B32 shared, B32 to) => writer.Code($"""
        and.b32 {scratch.T0}, {row}, 7;
        xor.b32 {scratch.T0}, {scratch.T0}, {chunk};
        shl.b32 {scratch.T0}, {scratch.T0}, 4;
        mad.lo.u32 {scratch.T0}, {row}, {GroupedGemmTile.RowBytes}, {scratch.T0};
        add.u32 {to}, {shared}, {scratch.T0};
        """);
}
