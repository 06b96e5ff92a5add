namespace KernelGen.Compiler.Ptx;

/// <content>
/// The warp group that copies: its threads gather the rows of the activations, one of them has TMA
/// fetch the weights, or all convert them (<see cref="WriteConversion"/>). The rows of a box (<see cref="Fetched"/>) lie in shared memory as
/// <see cref="ColumnOf"/> deals them out.
/// </content>
public sealed partial class GroupedGemm
{
    private int RowsOfCopyPass => GroupedGemmTile.WarpGroupThreads / ChunksOfRow;

    private int CopyPasses => _tile.RowsOfGroup / RowsOfCopyPass;

    private int ActivationBytes => _tile.RowsOfGroup * GroupedGemmTile.RowBytes;

    private int HalfOfWeightBytes => _tile.BlockN / 2 * GroupedGemmTile.RowBytes;

    private void WriteCopyRole()
    {
        _writer.Comment("The warp group that copies.");
        _writer.Code("@%multiplies bra MULTIPLY;");
        if (RegistersOfRoles is { } registers) _writer.Code($"setmaxnreg.dec.sync.aligned.u32 {registers.Copies};");
        _writer.Declare("b32", ["chunk", "row", "expert", "toA", "toB", "full", "flipped", .. ConvertsInCopies ? Array.Empty<string>() : ["zero", "weightRow", "secondRow"], "element", "left"]);
        _writer.Declare("b32", [.. Enumerable.Range(0, CopyPasses).Select(pass => $"row{pass}")]);
        _writer.Declare("b64", ["activations", "from", .. ConvertsInCopies ? Array.Empty<string>() : ["map"], "experts"]);
        _writer.Declare("pred", "valid");
        if (IsClustered) _writer.Declare("b16", "bothGroups");
        if (ConvertsInCopies) WriteTurns();
        WriteThreadsChunk();
        WriteSwizzledPlace();
        _writer.Code($"add.u32 %toB, %shared, {ActivationBytes};");
        WriteThreadsActivations();
        _writer.Code("""
            ld.param.u64 %experts, [blockExperts];
            cvta.to.global.u64 %experts, %experts;
            """);
        if (ConvertsInCopies) WriteConversionSetup();
        else WriteFetchSetup();
        WriteBlockScaleSetup();
        _writer.Label("COPYTILE");
        WriteTileIndex("COPIED");
        WriteCopySources();
        WriteCopyStage();
        WriteEndOfCopies();
    }

    /// <summary>The chunks of activations that the thread copies, from the first row's on.</summary>
    private void WriteThreadsActivations() => _writer.Code($"""
        ld.param.u64 %activations, [activations];
        cvta.to.global.u64 %activations, %activations;
        mul.wide.u32 %wide, %chunk, {ChunkBytes};
        add.u64 %activations, %activations, %wide;
        """);

    private void WriteEndOfCopies()
    {
        WriteNextTile("COPYTILE");
        _writer.Label("COPIED");
        _writer.Code("""
            cp.async.wait_all;
            bra END;
            """);
    }

    private void WriteTensorMap() => _writer.Code("""
        mov.u32 %zero, 0;
        mov.b64 %map, weights;
        cvta.param.u64 %map, %map;
        """);

    private void WriteFetchSetup()
    {
        WriteTensorMap();
        if (IsClustered)
        {
            _writer.Code($"""
                mov.b16 %bothGroups, {(1 << _tile.Cluster) - 1};
                mad.lo.u32 %toB, %rank, {HalfOfWeightBytes}, %toB;
                """);
        }
    }

    /// <summary>Where a tile's operands come from.</summary>
    private void WriteCopySources()
    {
        WriteExpertOfTile();
        WriteFirstSlot();
        for (var pass = 0; pass < CopyPasses; pass++) _writer.Code($"ld.global.u32 %row{pass}, [%address+{RowOfTile(pass * RowsOfCopyPass) * 4}];");
        for (var pass = 0; pass < CopyPasses; pass++) WriteValidRow(pass);
        if (!ConvertsInCopies)
        {
            _writer.Code($"""
                mul.lo.u32 %weightRow, %expert, {_shape.Columns / GroupedGemmTile.DealtRows};
                mad.lo.u32 %weightRow, %blockN, {OutputColumns(_tile.BlockN) / GroupedGemmTile.DealtRows}, %weightRow;
                """);
        }

        WriteFirstElement();
        WriteFirstActivations();
        if (ConvertsInCopies) WriteConversionSources();
        else if (IsClustered) _writer.Code($"mad.lo.u32 %weightRow, %rank, {SecondHalf / GroupedGemmTile.DealtRows}, %weightRow;");
        else _writer.Code($"add.u32 %secondRow, %weightRow, {SecondHalf / GroupedGemmTile.DealtRows};");
        WriteBlockScaleSources();
    }

    /// <summary>Where a tile's part of the reduction begins, in elements of two bytes or pairs of bytes.</summary>
    private void WriteFirstElement() => _writer.Code($"""
        mov.u32 %left, %blocks;
        {(_tile.SplitK > 1 ? $"mul.lo.u32 %element, %firstBlock, {_tile.BlockBytes / 2};" : "mov.u32 %element, 0;")}
        """);

    private void WriteFirstActivations() => _writer.Code("""
        mul.wide.u32 %wide, %element, 2;
        add.u64 %from, %activations, %wide;
        """);

    /// <summary>Waits until the stage's last products have been multiplied; its full barrier is then the one to arrive at.</summary>
    private void WriteWaitForRoom(string label)
    {
        _writer.Code("""
            add.u32 %full, %barriers, %barrier;
            xor.b32 %flipped, %phase, 1;
            """);
        WriteWait($"%full+{BarriersBytes}", "%flipped", label);
    }

    /// <summary>From a slot to its row of the activations. Those that pad are not copied: what they multiply to is not stored.</summary>
    private void WriteValidRow(int pass) => _writer.Code($"""
        setp.lt.u32 %valid, %row{pass}, %slots;
        {(IsGateUp ? $"div.u32 %row{pass}, %row{pass}, {_shape.TopK};" : "")}
        selp.b32 %row{pass}, %row{pass}, -1, %valid;
        """);

    private void WriteCopyStage()
    {
        _writer.Label("COPYSTAGE");
        if (ConvertsInCopies) WriteTurnOfOthers();
        WriteWaitForRoom("OCCUPIED");
        if (!ConvertsInCopies) WriteFetch();
        _writer.Code("add.u32 %t0, %toA, %stage;");
        for (var pass = 0; pass < CopyPasses; pass++)
        {
            _writer.Code($"""
                setp.ge.s32 %valid, %row{pass}, 0;
                mad.wide.u32 %wide, %row{pass}, {_tile.ElementBytes * _shape.Reduction}, %from;
                @%valid cp.async.cg.shared.global [%t0+{pass * RowsOfCopyPass * GroupedGemmTile.RowBytes}], [%wide], 16;
                """);
        }

        if (ConvertsInCopies) WriteScaleCopies();
        WriteBlockScaleCopies();
        _writer.Code("cp.async.mbarrier.arrive.noinc.shared.b64 [%full];");
        if (ConvertsInCopies) WriteConversion();
        if (ConvertsInCopies) WriteEndOfOwnTurn();
        WriteNextBarrier();
        _writer.Code($"""
            add.u64 %from, %from, {GroupedGemmTile.RowBytes};
            add.u32 %element, %element, {GroupedGemmTile.RowElements};
            sub.u32 %left, %left, 1;
            setp.ne.u32 %more, %left, 0;
            @%more bra COPYSTAGE;
            """);
    }

    private void WriteFetch()
    {
        const string Fetch = "@%isFirst cp.async.bulk.tensor.5d.shared::cluster.global.mbarrier::complete_tx::bytes";
        _writer.Code($"""
            @%isFirst mbarrier.arrive.expect_tx.shared.b64 _, [%full], {2 * HalfOfWeightBytes};
            add.u32 %t0, %toB, %stage;
            """);
        if (IsClustered)
        {
            _writer.Code($"{Fetch}.multicast::cluster [%t0], [%map, {{%element, %zero, %zero, %zero, %weightRow}}], [%full], %bothGroups;");
        }
        else
        {
            _writer.Code($"""
                {Fetch} [%t0], [%map, {OpenBrace}%element, %zero, %zero, %zero, %weightRow{CloseBrace}], [%full];
                add.u32 %t0, %t0, {HalfOfWeightBytes};
                {Fetch} [%t0], [%map, {OpenBrace}%element, %zero, %zero, %zero, %secondRow{CloseBrace}], [%full];
                """);
        }
    }
}
