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

    /// <summary>Where a tile's part of the reduction begins, in elements of two bytes or pairs of bytes, and how many blocks it has.</summary>
    public static void WriteFirstElement(PtxWriter writer, GroupedGemmTile tile, TileSchedule schedule, B32 left, B32 element) => writer.Code($"""
        mov.u32 {left}, {schedule.Blocks};
        {(schedule.IsSplit ? $"mul.lo.u32 {element}, {schedule.FirstBlock}, {tile.BlockBytes / 2};" : $"mov.u32 {element}, 0;")}
        """);

    /// <summary>Loads the expert of a block of rows where nothing else wants its address.</summary>
    public static void WriteExpertOfColumns(PtxWriter writer, Scratch scratch, B32 blockM, B32 expert)
    {
        writer.LoadAddress(scratch.Address, ExpertGemmParameter.BlockExperts);
        writer.Code($"""
            mul.wide.u32 {scratch.Wide}, {blockM}, 4;
            add.u64 {scratch.Address}, {scratch.Address}, {scratch.Wide};
            ld.global.u32 {expert}, [{scratch.Address}];
            """);
    }

    /// <summary>Loads the router weights of slots that are none of those that pad.</summary>
    public static void WriteRouterWeights(PtxWriter writer, Scratch scratch, TileSchedule schedule, B32[] slots, string[] weights, string type)
    {
        writer.LoadAddress(scratch.Address, ExpertGemmParameter.RouterWeights);
        for (var i = 0; i < slots.Length; i++)
        {
            writer.Code($"""
                setp.lt.u32 {scratch.Outside}, {slots[i]}, {schedule.Slots};
                mul.wide.u32 {scratch.Wide}, {slots[i]}, 4;
                add.u64 {scratch.Wide}, {scratch.Address}, {scratch.Wide};
                @{scratch.Outside} ld.global.{type} {weights[i]}, [{scratch.Wide}];
                """);
        }
    }
}
