namespace KernelGen.Compiler.Ptx;

/// <summary>Slices of a reduction (Split-K).</summary>
internal static class Reduction
{
    /// <summary>Which blocks of the reduction a slice has: the first, and how many.</summary>
    public static void WriteSlice(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, B32 scratch, B32 slice, B32 first, B32 blocks)
    {
        var count = shape.Reduction / tile.BlockK;
        writer.Code($"""
            mul.lo.u32 {scratch}, {slice}, {count};
            div.u32 {first}, {scratch}, {tile.SplitK};
            add.u32 {scratch}, {scratch}, {count};
            div.u32 {blocks}, {scratch}, {tile.SplitK};
            sub.u32 {blocks}, {blocks}, {first};
            """);
    }
}
