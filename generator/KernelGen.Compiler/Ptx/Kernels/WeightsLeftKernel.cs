namespace KernelGen.Compiler.Ptx;

/// <summary>
/// Few rows on <c>wgmma</c>: the weights are its left operand, 64 rows of them an instruction, and the slots its right one, whose number is any
/// multiple of eight, so that little is multiplied that pads. The roles are those of the other specialised kernels, but one warp does nothing
/// but have TMA fetch weights: in the second GEMM it need not wait for the first one's results.
/// </summary>
internal sealed class WeightsLeftKernel(GroupedGemmShape shape, GroupedGemmTile tile) : SpecialisedKernel(shape, tile)
{
    // Behind the warp that fetches weights; the rest of the warp group that copies leaves at once.
    private const int SlotCopiers = 64;

    public override bool FetchesWeights => true;

    protected override int StageBytes => Tile.StageBytes;

    protected override int FillersOfStage => SlotCopiers + 1;

    protected override (int Copies, int Multiplies)? RegistersOfRoles => Tile.WarpsN == 8 && Tile.WarpM * Tile.WarpN / 32 > 96 ? (56, 224) : null;

    protected override bool WaitsInCopies => Tile.Chained && !Shape.IsGateUp;

    private int Parts => Tile.BlockBytes / GroupedGemmTile.RowBytes;

    private int SlotBytes => Tile.BlockM * GroupedGemmTile.RowBytes * Parts;

    public override string? Problem() => Shape.IsConverted ? "weights on the left are fetched and not converted" : Shape.QuantizedInputs ? ByteProblem.Of(Shape, Tile) : null;

    protected override void Write(PtxWriter writer)
    {
        var scratch = new Scratch(writer);
        var warps = new Warps(writer, hasRows: false);
        var schedule = new PersistentSchedule(writer, Shape, Tile, scratch);
        var ring = new BarrierRing(writer, Tile, scratch, StageBytes, lanesReadStages: false);
        var (expert, element, left, experts) = (writer.B32("expert"), writer.B32("element"), writer.B32("left"), writer.B64("experts"));
        WriteSetup(writer, scratch, warps, schedule, ring);
        writer.LoadAddress(experts, ExpertGemmParameter.BlockExperts);
        writer.Code($"""
            setp.ne.u32 {ring.More}, {warps.Warp}, 0;
            @{ring.More} bra SLOTS;
            """);
        WriteFetches();
        WriteSlotCopies();
        WriteMultiplyRole(writer);
        new LeftWgmma(writer, Shape, Tile, scratch, warps, schedule, ring).Write(CopyWarps, SlotBytes, expert);
        writer.Label("END");

        // A single thread fetches weights, from tile to tile.
        void WriteFetches()
        {
            var (to, row, partBytes) = (writer.B32("toB"), writer.B32("weightRow"), Tile.BlockN * GroupedGemmTile.RowBytes);
            var map = new TensorMap(writer, ring);
            writer.Code($"""
                @{!ring.IsFirst} bra END;
                add.u32 {to}, {ring.Shared}, {SlotBytes};
                """);
            map.WriteSetup();
            writer.Label("FETCHTILE");
            schedule.WritePlace("END");
            TilePlace.WriteExpert(writer, scratch, experts, schedule.BlockM, expert);

            // Pairs: [experts, rows / 8, gate or up, 8]. Else: [rows of all experts / 16, 2, 4, 2].
            var boxes = Tile.BlockN / LeftWgmma.WarpRows;
            writer.Code(Shape.IsPaired
                ? $"mul.lo.u32 {row}, {schedule.BlockN}, {boxes};"
                : $"mul.lo.u32 {row}, {expert}, {Shape.Columns / LeftWgmma.WarpRows};\nmad.lo.u32 {row}, {schedule.BlockN}, {boxes}, {row};");
            TilePlace.WriteFirstElement(writer, Tile, schedule, left, element);
            writer.Label("FETCHSTAGE");
            ring.WriteWaitForRoom("FETCHED");
            writer.Code($"""
                mbarrier.arrive.expect_tx.shared.b64 _, [{ring.Full}], {partBytes * Parts};
                add.u32 {scratch.T0}, {to}, {ring.Stage};
                """);
            for (var part = 0; part < Parts; part++)
            {
                if (part > 0) writer.Code($"add.u32 {scratch.T0}, {scratch.T0}, {partBytes};");
                map.WriteFetch("", scratch.T0, Shape.IsPaired ? [element, map.Zero, map.Zero, row, expert] : [element, map.Zero, map.Zero, map.Zero, row]);
                writer.Code($"add.u32 {element}, {element}, {GroupedGemmTile.RowElements};");
            }

            ring.WriteNext();
            ring.WriteRepeat(left, "FETCHSTAGE");
            schedule.WriteNextTile("FETCHTILE");
        }

        // Two warps gather the rows of the slots.
        void WriteSlotCopies()
        {
            var rows = new GatheredRows(writer, Shape, Tile, scratch, SlotCopiers, row => row);
            writer.Label("SLOTS");
            if (WaitsInCopies) writer.Code("griddepcontrol.wait;");
            writer.Code($"""
                sub.u32 {warps.Thread}, {warps.Thread}, 32;
                setp.ge.u32 {ring.More}, {warps.Thread}, {SlotCopiers};
                @{ring.More} bra END;
                """);
            rows.WritePlace(warps.Thread, ring.Shared);
            rows.WriteSource();
            writer.Label("COPYTILE");
            schedule.WritePlace("COPIED");
            rows.WriteRows(schedule);
            TilePlace.WriteFirstElement(writer, Tile, schedule, left, element);
            rows.WriteStart(element);
            writer.Label("COPYSTAGE");
            ring.WriteWaitForRoom("OCCUPIED");
            rows.WriteCopies(ring.Stage);
            writer.Code($"cp.async.mbarrier.arrive.noinc.shared.b64 [{ring.Full}];");
            rows.WriteAdvance();
            ring.WriteNext();
            ring.WriteRepeat(left, "COPYSTAGE");
            schedule.WriteNextTile("COPYTILE");
            writer.Label("COPIED");
            writer.Code("""
                cp.async.wait_all;
                bra END;
                """);
        }
    }
}
