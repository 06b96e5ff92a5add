namespace KernelGen.Compiler.Ptx;

/// <summary>What a tile's block of rows has.</summary>
internal static class TilePlace
{
    /// <summary>Loads the expert of a block of rows.</summary>
    public static void WriteExpert(PtxWriter writer, Scratch scratch, B64 experts, B32 blockM, B32 expert) => writer.Code($"""
        mul.wide.u32 {scratch.Wide}, {blockM}, 4;
        add.u64 {scratch.Address}, {experts}, {scratch.Wide};
        ld.global.u32 {expert}, [{scratch.Address}];
        """);

    /// <summary>Leaves the address of a row's slot.</summary>
    public static void WriteFirstSlot(PtxWriter writer, Scratch scratch, B32 row, B64 sortedSlots) => writer.Code($"""
        mul.wide.u32 {scratch.Wide}, {row}, 4;
        add.u64 {scratch.Address}, {sortedSlots}, {scratch.Wide};
        """);
}
