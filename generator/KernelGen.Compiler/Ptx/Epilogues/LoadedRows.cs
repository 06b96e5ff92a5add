namespace KernelGen.Compiler.Ptx;

/// <summary>The epilogue's data for the slots of a thread's rows, loaded when needed.</summary>
internal sealed class LoadedRows(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, FragmentLayout layout, TileSchedule schedule, GemmOutput form)
{
    private readonly B64 _rows = writer.B64("rows");
    private readonly B32 _slot = writer.B32("slot");
    private readonly F32 _routerWeight = form.WeightsOutput ? writer.F32("routerWeight") : default;
    private readonly F32 _inputScale = form.HasRowInputScales ? writer.F32("inputScale") : default;
    private readonly Dictionary<(int M, int Half), F32> _inputWeights =
        form.WeightsInput ? layout.Rows().ToDictionary(row => row, row => writer.F32($"inputWeight{row.M}_{row.Half}")) : [];

    /// <summary>The current row's slot.</summary>
    public B32 Slot => _slot;

    /// <summary>Its router weight.</summary>
    public F32 RouterWeight => _routerWeight;

    /// <summary>A row's router weight, where it multiplies whole sums of the first GEMM.</summary>
    public F32 InputWeight(int m, int half) => form.WeightsInput ? _inputWeights[(m, half)] : default;

    /// <summary>Finds the slots of the thread's rows.</summary>
    public void WriteSetup(Warps warps) => writer.Code($"""
        shr.u32 {scratch.T0}, {warps.Lane}, 2;
        mad.lo.u32 {scratch.T0}, {warps.M}, {tile.WarpM}, {scratch.T0};
        mul.wide.u32 {_rows}, {scratch.T0}, 4;
        add.u64 {_rows}, {schedule.SortedSlots}, {_rows};
        """);

    /// <summary>Where all of a row of activations has one scale: multiplies whole sums by it. Rows that pad have sums of 0.</summary>
    public void WriteInputScales(FragmentSums sums)
    {
        if (!form.HasRowInputScales) return;
        writer.Comment("Scales of the activations.");
        writer.LoadAddress(scratch.Address, ExpertGemmParameter.InputScales);
        foreach (var (m, half) in layout.Rows())
        {
            WriteSlotLoad(m, half);
            writer.Code($"""
                setp.lt.u32 {scratch.Outside}, {_slot}, {schedule.Slots};
                {shape.RowOfSlot(_slot)}
                mul.wide.u32 {scratch.Wide}, {_slot}, 4;
                add.u64 {scratch.Wide}, {scratch.Address}, {scratch.Wide};
                mov.f32 {_inputScale}, 0f00000000;
                @{scratch.Outside} ld.global.f32 {_inputScale}, [{scratch.Wide}];
                """);
            for (var n = 0; n < layout.N; n++)
            {
                for (var x = 2 * half; x < 2 * (half + 1); x++) writer.Code($"mul.rn.f32 {sums[m, n, x]}, {sums[m, n, x]}, {_inputScale};");
            }
        }
    }

    /// <summary>Loads the router weights that multiply whole sums of the first GEMM.</summary>
    public void WriteInputWeights()
    {
        if (!form.WeightsInput) return;
        writer.LoadAddress(scratch.Address, ExpertGemmParameter.RouterWeights);
        foreach (var (m, half) in layout.Rows())
        {
            WriteSlotLoad(m, half);
            writer.Code($"""
                mov.f32 {_inputWeights[(m, half)]}, 0f00000000;
                setp.lt.u32 {scratch.Outside}, {_slot}, {schedule.Slots};
                mul.wide.u32 {scratch.Wide}, {_slot}, 4;
                add.u64 {scratch.Wide}, {scratch.Address}, {scratch.Wide};
                @{scratch.Outside} ld.global.f32 {_inputWeights[(m, half)]}, [{scratch.Wide}];
                """);
        }
    }

    /// <summary>Finds the router weights that multiply the output.</summary>
    public void WriteRouterWeights()
    {
        if (form.WeightsOutput) writer.LoadAddress(scratch.Address, ExpertGemmParameter.RouterWeights);
    }

    /// <summary>Loads a row's slot, and its router weight; leaves for <paramref name="end"/> if the row pads.</summary>
    public void WriteRow(int m, int half, string end)
    {
        WriteSlotLoad(m, half);
        writer.Code($"""
            setp.ge.u32 {scratch.Outside}, {_slot}, {schedule.Slots};
            @{scratch.Outside} bra {end};
            """);
        if (!form.WeightsOutput) return;
        writer.Code($"""
            mul.wide.u32 {scratch.Wide}, {_slot}, 4;
            add.u64 {scratch.Wide}, {scratch.Address}, {scratch.Wide};
            ld.global.f32 {_routerWeight}, [{scratch.Wide}];
            """);
    }

    private void WriteSlotLoad(int m, int half) => writer.Code($"ld.global.u32 {_slot}, [{_rows}+{((m * 16) + (half * 8)) * 4}];");
}
