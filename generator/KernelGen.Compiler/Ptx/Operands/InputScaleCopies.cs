namespace KernelGen.Compiler.Ptx;

/// <summary>Copies of scales of groups of activations: a thread has those of one row, of a stage's groups.</summary>
internal sealed class InputScaleCopies(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, int at)
{
    private readonly StageGroups _groups = new(shape, tile);
    private readonly B32 _to = writer.B32("inputScalesTo");
    private readonly B32 _bytes = writer.B32("inputScaleBytes");
    private readonly B32 _row = writer.B32("scaledRow");
    private readonly B64 _from = writer.B64("inputScalesFrom");
    private readonly Pred _copies = writer.Pred("inputScalesCopied");

    /// <summary>Bytes of a stage's scales.</summary>
    public static int Bytes(GroupedGemmShape shape, GroupedGemmTile tile) => shape.QuantizedInputs && shape.HasGroups ? new StageGroups(shape, tile).Count * tile.BlockM * 4 : 0;

    /// <summary>Where a thread copies from and to.</summary>
    public void WriteSetup(TileSchedule schedule, B32 thread, B32 shared, Pred valid)
    {
        writer.Code($"""
            setp.lt.u32 {_copies}, {thread}, {tile.BlockM};
            mul.wide.u32 {scratch.Wide}, {thread}, 4;
            add.u64 {scratch.Address}, {schedule.SortedSlots}, {scratch.Wide};
            mov.u32 {_row}, {schedule.Slots};
            @{_copies} ld.global.u32 {_row}, [{scratch.Address}];
            setp.lt.u32 {valid}, {_row}, {schedule.Slots};
            selp.b32 {_bytes}, 4, 0, {valid};
            {shape.RowOfSlot(_row)}
            selp.b32 {_row}, {_row}, 0, {valid};
            mad.lo.u32 {_to}, {thread}, 4, {shared};
            """);
        writer.LoadAddress(_from, ExpertGemmParameter.InputScales);
        writer.Code($"mad.wide.u32 {_from}, {_row}, {shape.Groups * 4}, {_from};");
        if (schedule.IsSplit) writer.Code($"mad.wide.u32 {_from}, {schedule.FirstBlock}, {_groups.Count * 4}, {_from};");
    }

    /// <summary>Starts the copies of a stage.</summary>
    public void WriteCopies(B32 stage)
    {
        writer.Code($"add.u32 {scratch.T2}, {_to}, {stage};");
        for (var group = 0; group < _groups.Count; group++)
            writer.Code($"@{_copies} cp.async.ca.shared.global [{scratch.T2}+{at + (group * tile.BlockM * 4)}], [{_from}+{group * 4}], 4, {_bytes};");
        writer.Code($"add.u64 {_from}, {_from}, {_groups.Count * 4};");
    }
}
