namespace KernelGen.Compiler.Ptx;

/// <content>
/// Scales of bytes with <c>wgmma</c>. Those of groups travel with the stages, behind the weights: one for each row of activations, one for each block of weights. Those of whole rows
/// belong to the epilogue.
/// </content>
public sealed partial class GroupedGemm
{
    private bool CopiesBlockScales => MultipliesBytes && HasGroups;

    /// <summary>Blocks of scales in a tile: rows that are dealt out together share theirs.</summary>
    private int ScaledBlocks => _tile.BlockN / GroupedGemmTile.DealtRows;

    private int WgmmaScalesAt => ActivationBytes + WeightTileBytes;

    /// <summary>A thread copies the scale of one row of activations, a few that of a block of weights: which rows and columns of a tile, and where to.</summary>
    private void WriteBlockScaleSetup()
    {
        if (!CopiesBlockScales) return;
        _writer.Declare("b32", "scalesTo", "scaledRow", "scaledSlot", "scaledColumn");
        _writer.Declare("b64", "inputScales", "inputScalesFrom", "scales", "scalesFrom");
        _writer.Declare("pred", "hasRow", "copiesRow", "copiesBlock");
        _writer.Comment("The thread's scales.");
        _writer.Code($"""
            setp.lt.u32 %hasRow, %thread, {_tile.RowsOfGroup};
            setp.lt.u32 %copiesBlock, %thread, {ScaledBlocks};
            mad.lo.u32 %scalesTo, %thread, 4, %shared;
            and.b32 %t0, %thread, {WarpGroupRows - 1};
            div.u32 %t1, %thread, {WarpGroupRows};
            mad.lo.u32 %scaledRow, %t1, {RowOfTile(WarpGroupRows)}, %t0;
            rem.u32 %t0, %thread, {ScaledBlocks / 2};
            div.u32 %t1, %thread, {ScaledBlocks / 2};
            mul.lo.u32 %scaledColumn, %t1, {SecondHalf};
            mad.lo.u32 %scaledColumn, %t0, {GroupedGemmTile.DealtRows}, %scaledColumn;
            ld.param.u64 %inputScales, [inputScales];
            cvta.to.global.u64 %inputScales, %inputScales;
            ld.param.u64 %scales, [scales];
            cvta.to.global.u64 %scales, %scales;
            """);
    }

    /// <summary>Where a tile's scales come from.</summary>
    private void WriteBlockScaleSources()
    {
        if (!CopiesBlockScales) return;
        _writer.Code($"""
            mul.wide.u32 %wide, %scaledRow, 4;
            add.u64 %address, %sortedSlots, %wide;
            mov.u32 %scaledSlot, %slots;
            @%hasRow ld.global.u32 %scaledSlot, [%address];
            setp.lt.u32 %copiesRow, %scaledSlot, %slots;
            {RowOfSlot("scaledSlot")}
            mad.wide.u32 %inputScalesFrom, %scaledSlot, {Groups * 4}, %inputScales;
            mul.lo.u32 %t1, %expert, {Groups};
            {(_tile.SplitK > 1 ? "add.u32 %t1, %t1, %firstBlock;" : "")}
            mad.wide.u32 %scalesFrom, %t1, {_shape.Columns * 4}, %scales;
            mad.lo.u32 %t0, %blockN, {OutputColumns(_tile.BlockN)}, %scaledColumn;
            mul.wide.u32 %wide, %t0, 4;
            add.u64 %scalesFrom, %scalesFrom, %wide;
            """);
        if (_tile.SplitK > 1) _writer.Code("mad.wide.u32 %inputScalesFrom, %firstBlock, 4, %inputScalesFrom;");
    }

    private void WriteBlockScaleCopies()
    {
        if (!CopiesBlockScales) return;
        _writer.Code($"""
            add.u32 %t0, %scalesTo, %stage;
            @%copiesRow cp.async.ca.shared.global [%t0+{WgmmaScalesAt}], [%inputScalesFrom], 4;
            @%copiesBlock cp.async.ca.shared.global [%t0+{WgmmaScalesAt + (_tile.RowsOfGroup * 4)}], [%scalesFrom], 4;
            add.u64 %inputScalesFrom, %inputScalesFrom, 4;
            add.u64 %scalesFrom, %scalesFrom, {_shape.Columns * 4};
            """);
    }

    /// <summary>Scales of the thread's two rows and of a turn's blocks of columns, loaded while tensor cores multiply.</summary>
    private void WriteScalesOfTurn(int turn)
    {
        if (!HasGroups) return;
        if (turn == 0)
        {
            _writer.Code("add.u32 %atScale, %laneScale, %stage;");
            for (var half = 0; half < 2; half++) _writer.Code($"ld.shared.f32 %inputScale{half}, [%atScale+{WgmmaScalesAt + (half * 8 * 4)}];");
            _writer.Code("add.u32 %atScale, %shared, %stage;");
        }

        var blocks = FragmentsOfTurn / 4;
        var registers = string.Join(", ", Enumerable.Range(0, blocks).Select(block => $"%blockScale{block}"));
        _writer.Code($"ld.shared.v{blocks}.f32 {OpenBrace}{registers}{CloseBrace}, [%atScale+{WgmmaScalesAt + ((_tile.RowsOfGroup + (turn * blocks)) * 4)}];");
    }

    /// <summary>Where all of a row of activations has one scale: those of the thread's two rows, long before the epilogue wants them.</summary>
    private void WriteInputScalesOfThread()
    {
        if (!HasRowInputScales) return;
        _writer.Declare("f32", "inputScale0", "inputScale1");
        _writer.Code("""
            ld.param.u64 %address, [inputScales];
            cvta.to.global.u64 %address, %address;
            """);
        for (var half = 0; half < 2; half++)
        {
            _writer.Code($"""
                setp.lt.u32 %outside, %slot{half}, %slots;
                mov.u32 %t0, %slot{half};
                {RowOfSlot("t0")}
                mul.wide.u32 %wide, %t0, 4;
                add.u64 %wide, %address, %wide;
                @%outside ld.global.f32 %inputScale{half}, [%wide];
                """);
        }
    }

    private void WriteScaledRows()
    {
        if (!HasRowInputScales) return;
        _writer.Comment("Scales of the activations.");
        for (var n = 0; n < FragmentsN; n++)
        {
            for (var x = 0; x < 4; x++) _writer.Code($"mul.rn.f32 %{Sum(0, n, x)}, %{Sum(0, n, x)}, %inputScale{x / 2};");
        }
    }
}
