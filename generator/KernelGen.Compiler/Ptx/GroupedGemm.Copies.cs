namespace KernelGen.Compiler.Ptx;

/// <content>
/// Copies from global to shared memory, a few stages ahead. A stage holds the rows of the activations, then those of the weights,
/// in parts of 64 elements: rows of 128 bytes whose eight 16-byte chunks are exchanged by the row number's low bits (the 128-byte
/// swizzle), so that eight rows of one chunk lie in different banks.
/// </content>
public sealed partial class GroupedGemm
{
    private const int ChunkBytes = 16;
    private const int ChunksOfRow = GroupedGemmTile.RowBytes / ChunkBytes;

    private int RowsOfPass => _tile.Threads / ChunksOfRow;

    private int PassesA => Math.Max(_tile.BlockM / RowsOfPass, 1);

    private int PassesB => _tile.BlockN / RowsOfPass;

    private int Parts => _tile.BlockBytes / GroupedGemmTile.RowBytes;

    private int PartBytesA => _tile.BlockM * GroupedGemmTile.RowBytes;

    private int PartBytesB => _tile.BlockN * GroupedGemmTile.RowBytes;

    private long WeightRowBytes => _shape.WeightBytes(_shape.Reduction);

    /// <summary>Where a thread copies from and to.</summary>
    private void WriteCopySetup()
    {
        _writer.Declare("b32", "shared", "row", "chunk", "toA", "toB", "stageIn", "stageOut", "ahead", "done");
        _writer.Declare("b64", "chunkOffset", "fromA", "fromB");
        _writer.Declare("pred", "more", "wrap", "valid");
        WriteCopyStart();
        WriteSwizzledPlace();
        _writer.Code($"""
            add.u32 %toB, %toA, {PartBytesA * Parts};
            mul.wide.u32 %chunkOffset, %chunk, {ChunkBytes};
            """);
        if (_tile.SplitK > 1)
        {
            _writer.Code($"""
                mul.wide.u32 %wide, %firstBlock, {_tile.BlockBytes};
                add.u64 %chunkOffset, %chunkOffset, %wide;
                """);
        }

        WriteWeightRows("row", "chunkOffset");
        WriteActivationRows();
        WriteScaleCopySetup();
        WriteInputScaleCopySetup();
    }

    /// <summary>
    /// The output column that a row of the block's shared weights yields. Each group of <see cref="StoredTiles"/> fragments is
    /// dealt out so that the two sums a thread has of each are neighbours: it stores them at once.
    /// </summary>
    private int ColumnOf(int row)
    {
        var (fragment, place) = (row / 8, row % 8);
        if (IsPaired) fragment /= 2;
        return (fragment / StoredTiles * 8 * StoredTiles) + (place / 2 * 2 * StoredTiles) + (fragment % StoredTiles * 2) + (place % 2);
    }

    /// <summary>
    /// In the first product eight gate rows and the eight up rows of the same columns take turns, so that one thread gets the
    /// sums of both.
    /// </summary>
    private bool IsUp(int row) => IsPaired && row / 8 % 2 == 1;

    /// <summary>Whether a thread's passes take turns between gate and up rows.</summary>
    private bool HasUpAddress => IsPaired && RowsOfWeightPass == 8;

    private int RowsOfWeightPass => _shape.IsConverted ? RowsOfConvertedPass : RowsOfPass;

    /// <summary>The address of the thread's first chunk of weights.</summary>
    private void WriteWeightRows(string row, string chunkOffset)
    {
        // The same as ColumnOf and IsUp, for the thread's row of the first pass.
        var firstFragmentBits = IsPaired ? 4 : 3;
        var bitsOfGroup = StoredTiles == 4 ? 2 : StoredTiles / 2;
        _writer.Code($"""
            and.b32 %t0, %{row}, 1;
            shr.u32 %t1, %{row}, 1;
            and.b32 %t1, %t1, 3;
            mad.lo.u32 %t0, %t1, {2 * StoredTiles}, %t0;
            shr.u32 %t1, %{row}, {firstFragmentBits};
            and.b32 %t1, %t1, {StoredTiles - 1};
            mad.lo.u32 %t0, %t1, 2, %t0;
            shr.u32 %t1, %{row}, {firstFragmentBits + bitsOfGroup};
            mad.lo.u32 %t0, %t1, {8 * StoredTiles}, %t0;
            mad.lo.u32 %t0, %blockN, {OutputColumns(_tile.BlockN)}, %t0;
            """);
        if (IsPaired)
        {
            _writer.Code($"""
                shr.u32 %t1, %{row}, 3;
                and.b32 %t1, %t1, 1;
                mad.lo.u32 %t0, %t1, {_shape.IntermediateSize}, %t0;
                """);
        }

        _writer.Code($"""
            mad.lo.u32 %t0, %expert, {_shape.Columns}, %t0;
            ld.param.u64 %fromB, [weights];
            cvta.to.global.u64 %fromB, %fromB;
            mad.wide.u32 %fromB, %t0, {WeightRowBytes}, %fromB;
            add.u64 %fromB, %fromB, %{chunkOffset};
            """);
        if (!HasUpAddress) return;
        _writer.Declare("b64", "fromUp");
        _writer.Code($"add.u64 %fromUp, %fromB, {_shape.IntermediateSize * WeightRowBytes};");
    }

    /// <summary>Address of a pass's weights, without the stage's part.</summary>
    private (string Register, long Offset) WeightSource(int pass)
    {
        var row = pass * RowsOfWeightPass;
        return (HasUpAddress && IsUp(row) ? "fromUp" : "fromB", ColumnOf(row) * WeightRowBytes);
    }

    private void WriteActivationRows()
    {
        _writer.Code("""
            ld.param.u64 %fromA, [activations];
            cvta.to.global.u64 %fromA, %fromA;
            add.u64 %fromA, %fromA, %chunkOffset;
            """);
        if (_tile.BlockM < RowsOfPass)
        {
            _writer.Declare("pred", "copiesA");
            _writer.Code($"""
                setp.lt.u32 %copiesA, %row, {_tile.BlockM};
                and.b32 %row, %row, {_tile.BlockM - 1};
                """);
        }

        _writer.Code("""
            mul.wide.u32 %wide, %row, 4;
            add.u64 %address, %sortedSlots, %wide;
            """);
        for (var pass = 0; pass < PassesA; pass++)
        {
            _writer.Declare("b32", $"bytes{pass}", $"slot{pass}");
            _writer.Declare("b64", $"fromA{pass}");
            _writer.Code($"ld.global.u32 %slot{pass}, [%address+{pass * RowsOfPass * 4}];");
        }

        for (var pass = 0; pass < PassesA; pass++)
        {
            // Rows that pad copy nothing: the hardware fills in zeros.
            var row = IsGateUp ? $"div.u32 %t0, %slot{pass}, {_shape.TopK};" : $"mov.u32 %t0, %slot{pass};";
            _writer.Code($"""
                setp.lt.u32 %valid, %slot{pass}, %slots;
                selp.b32 %bytes{pass}, {ChunkBytes}, 0, %valid;
                {row}
                selp.b32 %t0, %t0, 0, %valid;
                mad.wide.u32 %fromA{pass}, %t0, {(long)_shape.Reduction * _tile.ElementBytes}, %fromA;
                """);
        }
    }

    /// <summary>Starts the copies of the next stage.</summary>
    private void WriteCopies()
    {
        if (_shape.IsConverted)
        {
            WriteConvertedCopies();
        }
        else
        {
            WriteWeightCopies();
            WriteInputCopies();
        }

        WriteNextStage("stageIn");
    }

    private void WriteInputCopies()
    {
        WriteActivationCopies();
        WriteScaleCopies();
        WriteInputScaleCopies();
    }

    private void WriteWeightCopies()
    {
        _writer.Code("add.u32 %t0, %toB, %stageIn;");
        for (var part = 0; part < Parts; part++)
        {
            for (var pass = 0; pass < PassesB; pass++)
            {
                var (source, offset) = WeightSource(pass);
                var target = (part * PartBytesB) + (pass * RowsOfPass * GroupedGemmTile.RowBytes);
                _writer.Code($"cp.async.cg.shared.global.L2::128B [%t0+{target}], [%{source}+{offset + (part * GroupedGemmTile.RowBytes)}], 16;");
            }
        }

        _writer.Code($"add.u64 %fromB, %fromB, {_tile.BlockBytes};");
        if (HasUpAddress) _writer.Code($"add.u64 %fromUp, %fromUp, {_tile.BlockBytes};");
    }

    private void WriteActivationCopies()
    {
        _writer.Code("add.u32 %t1, %toA, %stageIn;");
        for (var part = 0; part < Parts; part++)
        {
            var condition = _tile.BlockM < RowsOfPass ? "@%copiesA " : "";
            for (var pass = 0; pass < PassesA; pass++)
            {
                var target = (part * PartBytesA) + (pass * RowsOfPass * GroupedGemmTile.RowBytes);
                _writer.Code($"{condition}cp.async.cg.shared.global [%t1+{target}], [%fromA{pass}+{part * GroupedGemmTile.RowBytes}], 16, %bytes{pass};");
            }
        }

        for (var pass = 0; pass < PassesA; pass++) _writer.Code($"add.u64 %fromA{pass}, %fromA{pass}, {_tile.BlockBytes};");
    }

    /// <summary>Fills the first stages, at most as many as the slice has blocks.</summary>
    private void WriteFirstCopies(int stages)
    {
        _writer.Comment("The first stages.");
        _writer.Code("mov.u32 %stageIn, 0;");
        if (_tile.Chained && !IsGateUp)
        {
            for (var stage = 0; stage < stages; stage++)
            {
                WriteFirstStage(stage, "FETCHED", WriteWeightCopies);
                WriteNextStage("stageIn");
            }

            WriteWaitForIntermediate();
            _writer.Code("mov.u32 %stageIn, 0;");
            for (var stage = 0; stage < stages; stage++)
            {
                WriteFirstStage(stage, "FILLED", WriteInputCopies);
                WriteNextStage("stageIn");
                _writer.Code("cp.async.commit_group;");
            }
        }
        else
        {
            for (var stage = 0; stage < stages; stage++)
            {
                WriteFirstStage(stage, "FILLED", WriteCopies);
                _writer.Code("cp.async.commit_group;");
            }
        }

        _writer.Code($"""
            mov.u32 %stageOut, 0;
            mov.u32 %done, 0;
            mov.u32 %ahead, {stages};
            """);
    }

    /// <summary>Copies of one of the first stages, if the slice has so many blocks.</summary>
    private void WriteFirstStage(int stage, string label, Action copies)
    {
        if (stage < ReductionBlocks / _tile.SplitK)
        {
            copies();
            return;
        }

        _writer.Code($"""
            setp.gt.u32 %more, %blocks, {stage};
            @!%more bra {label}{stage};
            """);
        copies();
        _writer.Label($"{label}{stage}");
    }

    /// <summary>Waits for the oldest stage and starts to fill the one that is free.</summary>
    private void WriteTurnOfStages(int stagesAhead)
    {
        _writer.Label("NEXT");
        _writer.Code($"""
            cp.async.wait_group {stagesAhead - 1};
            bar.sync 0;
            setp.lt.u32 %more, %ahead, %blocks;
            @!%more bra COPIED;
            """);
        WriteCopies();
        _writer.Label("COPIED");
        _writer.Code("""
            cp.async.commit_group;
            add.u32 %ahead, %ahead, 1;
            """);
    }

    private void WriteEndOfTurn()
    {
        WriteNextStage("stageOut");
        _writer.Code("""
            add.u32 %done, %done, 1;
            setp.lt.u32 %more, %done, %blocks;
            @%more bra NEXT;
            """);
    }

    private void WriteNextStage(string stage) => _writer.Code($"""
        add.u32 %{stage}, %{stage}, {StageBytes};
        setp.eq.u32 %wrap, %{stage}, {StageBytes * _tile.Stages};
        selp.b32 %{stage}, 0, %{stage}, %wrap;
        """);
}
