namespace KernelGen.Compiler.Ptx;

/// <content>
/// Few rows on <c>wgmma</c>: the weights are its left operand, 64 rows of them an instruction, and the slots its right one, whose number is any
/// multiple of eight, so that little is multiplied that pads. The roles are those of the other specialised kernels, but one warp does nothing
/// but have the tensor memory accelerator fetch weights: in the second product it need not wait for the first one's results.
/// </content>
public sealed partial class GroupedGemm
{
    // Behind the warp that fetches weights; the rest of the warp group that copies leaves at once.
    private const int SlotCopiers = 64;

    // Rows of weights that one warp multiplies, in two halves of eight.
    private const int WarpRows = 16;

    private int SlotPasses => _tile.BlockM / SlotsOfPass;

    private int SlotsOfPass => SlotCopiers / ChunksOfRow;

    private int SlotPartBytes => _tile.BlockM * GroupedGemmTile.RowBytes;

    private int LeftPartBytes => _tile.BlockN * GroupedGemmTile.RowBytes;

    /// <summary>Threads and the one of the fetching warp that arrive at a full barrier.</summary>
    private int FillersOfStage => _tile.WeightsLeft ? SlotCopiers + 1
        : GroupedGemmTile.WarpGroupThreads + (ConvertsInCopies ? GroupedGemmTile.WarpGroupThreads : 1);

    private void WriteWeightsLeft()
    {
        WriteSpecialisedSetup();
        _writer.Comment("The warp group that copies.");
        _writer.Code("@%multiplies bra MULTIPLY;");
        if (RegistersOfRoles is { } registers) _writer.Code($"setmaxnreg.dec.sync.aligned.u32 {registers.Copies};");
        _writer.Declare("b32", "expert", "element", "left", "full", "flipped");
        _writer.Declare("b64", "experts");
        _writer.Code($"""
            ld.param.u64 %experts, [blockExperts];
            cvta.to.global.u64 %experts, %experts;
            setp.ne.u32 %more, %warp, 0;
            @%more bra SLOTS;
            """);
        WriteLeftFetches();
        WriteSlotCopies();
        WriteLeftMultiplyRole();
        _writer.Label("END");
    }

    /// <summary>A single thread fetches weights, from tile to tile.</summary>
    private void WriteLeftFetches()
    {
        _writer.Declare("b32", "toB", "zero", "weightRow");
        _writer.Declare("b64", "map");
        _writer.Code($"""
            @!%isFirst bra END;
            add.u32 %toB, %shared, {SlotPartBytes * Parts};
            """);
        WriteTensorMap();
        _writer.Label("FETCHTILE");
        WriteTileIndex("END");
        WriteExpertOfTile();

        // Pairs: [experts, rows / 8, gate or up, 8]. Else: [rows of all experts / 16, 2, 4, 2].
        _writer.Code(IsPaired
            ? $"mul.lo.u32 %weightRow, %blockN, {_tile.BlockN / WarpRows};"
            : $"mul.lo.u32 %weightRow, %expert, {_shape.Columns / WarpRows};\nmad.lo.u32 %weightRow, %blockN, {_tile.BlockN / WarpRows}, %weightRow;");
        WriteFirstElement();
        _writer.Label("FETCHSTAGE");
        WriteWaitForRoom("FETCHED");
        _writer.Code($"""
            mbarrier.arrive.expect_tx.shared.b64 _, [%full], {LeftPartBytes * Parts};
            add.u32 %t0, %toB, %stage;
            """);
        for (var part = 0; part < Parts; part++)
        {
            var last = IsPaired ? "%zero, %weightRow, %expert" : "%zero, %zero, %weightRow";
            if (part > 0) _writer.Code($"add.u32 %t0, %t0, {LeftPartBytes};");
            _writer.Code($"cp.async.bulk.tensor.5d.shared::cluster.global.mbarrier::complete_tx::bytes [%t0], [%map, {OpenBrace}%element, %zero, {last}{CloseBrace}], [%full];");
            _writer.Code($"add.u32 %element, %element, {GroupedGemmTile.RowElements};");
        }

        WriteEndOfStage("%left", "FETCHSTAGE");
        WriteNextTile("FETCHTILE");
    }

    /// <summary>Two warps gather the rows of the slots.</summary>
    private void WriteSlotCopies()
    {
        _writer.Declare("b32", "chunk", "row", "toA");
        _writer.Declare("b32", [.. Enumerable.Range(0, SlotPasses).Select(pass => $"row{pass}")]);
        _writer.Declare("b64", "activations", "from");
        _writer.Declare("pred", "valid");
        _writer.Label("SLOTS");
        if (WaitsInCopies) _writer.Code("griddepcontrol.wait;");
        _writer.Code($"""
            sub.u32 %thread, %thread, 32;
            setp.ge.u32 %more, %thread, {SlotCopiers};
            @%more bra END;
            """);
        WriteThreadsChunk();
        WriteSwizzledPlace();
        WriteThreadsActivations();
        _writer.Label("COPYTILE");
        WriteTileIndex("COPIED");
        WriteFirstSlot();
        for (var pass = 0; pass < SlotPasses; pass++) _writer.Code($"ld.global.u32 %row{pass}, [%address+{pass * SlotsOfPass * 4}];");
        for (var pass = 0; pass < SlotPasses; pass++) WriteValidRow(pass);
        WriteFirstElement();
        WriteFirstActivations();
        _writer.Label("COPYSTAGE");
        WriteWaitForRoom("OCCUPIED");
        _writer.Code("add.u32 %t0, %toA, %stage;");
        for (var pass = 0; pass < SlotPasses; pass++)
        {
            _writer.Code($"""
                setp.ge.s32 %valid, %row{pass}, 0;
                mad.wide.u32 %wide, %row{pass}, {2 * _shape.Reduction}, %from;
                """);
            for (var part = 0; part < Parts; part++)
                _writer.Code($"@%valid cp.async.cg.shared.global [%t0+{(part * SlotPartBytes) + (pass * SlotsOfPass * GroupedGemmTile.RowBytes)}], [%wide+{part * GroupedGemmTile.RowBytes}], 16;");
        }

        _writer.Code($"""
            cp.async.mbarrier.arrive.noinc.shared.b64 [%full];
            add.u64 %from, %from, {_tile.BlockBytes};
            """);
        WriteEndOfStage("%left", "COPYSTAGE");
        WriteEndOfCopies();
    }
}
