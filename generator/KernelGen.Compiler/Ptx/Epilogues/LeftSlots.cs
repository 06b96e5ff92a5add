namespace KernelGen.Compiler.Ptx;

/// <summary>Slots and router weights of a tile with weights on the left: each lane holds one of 32 and shuffles it to the others.</summary>
internal sealed class LeftSlots(PtxWriter writer, GroupedGemmTile tile, Scratch scratch, PersistentSchedule schedule, bool hasRouterWeights)
{
    private const int LanesOfWarp = 32;

    /// <summary>The slots that the lane knows.</summary>
    public B32[] Slots { get; } = writer.B32s("slot", (tile.BlockM + LanesOfWarp - 1) / LanesOfWarp);

    /// <summary>Their router weights.</summary>
    public B32[] RouterWeights { get; } = hasRouterWeights ? writer.B32s("weight", (tile.BlockM + LanesOfWarp - 1) / LanesOfWarp) : [];

    /// <summary>The first of the two slots, of eight, that the lane has sums of.</summary>
    public B32 PairOfLane { get; } = writer.B32("pairOfLane");

    /// <summary>The slot that the lane stores, once sums are transposed; before, its row of weights.</summary>
    public B32 SlotOfLane { get; } = writer.B32("slotOfLane");

    /// <summary>Which slots of eight the lane has.</summary>
    public void WriteSetup(B32 lane) => writer.Code($"""
        and.b32 {PairOfLane}, {lane}, 3;
        shl.b32 {PairOfLane}, {PairOfLane}, 1;
        shr.u32 {SlotOfLane}, {lane}, 2;
        """);

    /// <summary>Loads the tile's slots.</summary>
    public void WriteSlots(B32 lane)
    {
        TilePlace.WriteFirstSlot(writer, scratch, lane, schedule.SortedSlots);
        for (var i = 0; i < Slots.Length; i++)
        {
            var rest = tile.BlockM - (LanesOfWarp * i);
            if (rest < LanesOfWarp) writer.Code($"mov.u32 {Slots[i]}, {schedule.Slots};\nsetp.ge.u32 {scratch.Outside}, {lane}, {rest};");
            writer.Code($"{(rest < LanesOfWarp ? $"@{!scratch.Outside} " : "")}ld.global.u32 {Slots[i]}, [{scratch.Address}+{LanesOfWarp * 4 * i}];");
        }
    }

    /// <summary>Loads their router weights, if they are wanted.</summary>
    public void WriteRouterWeights()
    {
        if (hasRouterWeights) TilePlace.WriteRouterWeights(writer, scratch, schedule, Slots, [.. RouterWeights.Select(weight => weight.ToString())], "b32");
    }

    /// <summary>What lanes know of the two slots whose sums a thread has.</summary>
    public void WriteOfSlots(B32[] known, B32[] to, B32[] from, int eight)
    {
        for (var x = 0; x < 2; x++)
        {
            writer.Code($"""
                add.u32 {from[x]}, {PairOfLane}, {(8 * (eight % 4)) + x};
                shfl.sync.idx.b32 {to[x]}, {known[eight / 4]}, {from[x]}, 31, 0xffffffff;
                """);
        }
    }

    /// <summary>The slot that the lane stores.</summary>
    public void WriteOfLane(B32 slot, B32 from, int eight) => writer.Code($"""
        add.u32 {from}, {SlotOfLane}, {8 * (eight % 4)};
        shfl.sync.idx.b32 {slot}, {Slots[eight / 4]}, {from}, 31, 0xffffffff;
        """);
}
