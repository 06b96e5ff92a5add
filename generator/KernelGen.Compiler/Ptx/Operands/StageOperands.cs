namespace KernelGen.Compiler.Ptx;

/// <summary>Operands that threads copy into a stage: gathered rows of activations, rows of weights, and the scales that travel with them.</summary>
internal abstract class StageOperands
{
    private readonly B64 _fromB;
    private readonly B64 _fromA;
    private readonly B64[] _fromRow;
    private readonly B32[] _slots;
    private readonly Pred _valid;

    protected StageOperands(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, BlockSchedule schedule, StageRing ring)
    {
        (Writer, Shape, Tile, Scratch, Schedule, Ring, Fragments) = (writer, shape, tile, scratch, schedule, ring, new(shape, tile));
        (Row, Chunk, ToA, ToB) = (writer.B32("row"), writer.B32("chunk"), writer.B32("toA"), writer.B32("toB"));
        (ChunkOffset, _fromA, _fromB, _valid) = (writer.B64("chunkOffset"), writer.B64("fromA"), writer.B64("fromB"), writer.Pred("valid"));
        (_fromRow, _slots, Bytes) = (writer.B64s("fromA", PassesA), writer.B32s("slot", PassesA), writer.B32s("bytes", PassesA));
        if (tile.BlockM < RowsOfPass) CopiesRow = writer.Pred("copiesA");
    }

    /// <summary>The scales of groups, if there are any.</summary>
    public GroupScaleCopies? Scales { get; init; }

    /// <summary>The scales of groups of activations, if there are any.</summary>
    public InputScaleCopies? InputScales { get; init; }

    protected PtxWriter Writer { get; }

    protected GroupedGemmShape Shape { get; }

    protected GroupedGemmTile Tile { get; }

    protected Scratch Scratch { get; }

    protected BlockSchedule Schedule { get; }

    protected StageRing Ring { get; }

    protected FragmentLayout Fragments { get; }

    protected B32 Row { get; }

    protected B32 Chunk { get; }

    protected B32 ToA { get; }

    protected B32 ToB { get; }

    protected B64 ChunkOffset { get; }

    protected B32[] Bytes { get; }

    protected Pred CopiesRow { get; }

    protected int RowsOfPass => Tile.Threads / Swizzle.ChunksOfRow;

    protected int PassesA => Math.Max(Tile.BlockM / RowsOfPass, 1);

    protected int Parts => Tile.BlockBytes / GroupedGemmTile.RowBytes;

    /// <summary>Rows of weights that all threads copy at once.</summary>
    protected abstract int RowsOfWeightPass { get; }

    // Whether a thread's passes take turns between gate and up rows.
    private bool HasUpAddress => Shape.IsPaired && RowsOfWeightPass == 8;

    /// <summary>Where a thread copies from and to.</summary>
    public void WriteSetup()
    {
        if (HasUpAddress) Writer.Declare("b64", "fromUp");
        Ring.WriteSetup();
        Writer.Code($"""
            and.b32 {Chunk}, {Schedule.Warps.Thread}, {Swizzle.ChunksOfRow - 1};
            shr.u32 {Row}, {Schedule.Warps.Thread}, 3;
            """);
        WritePlaces();
        WriteActivationRows();
        Scales?.WriteSetup(Schedule, Schedule.Expert, Schedule.Warps.Thread, Ring.Shared);
        InputScales?.WriteSetup(Schedule, Schedule.Warps.Thread, Ring.Shared, _valid);
    }

    /// <summary>Starts the copies of a stage.</summary>
    public abstract void WriteCopies();

    /// <summary>Starts the copies of a stage's weights.</summary>
    public abstract void WriteWeightCopies();

    /// <summary>Starts the copies of what depends on the kernel before.</summary>
    public abstract void WriteInputCopies();

    /// <summary>Where a thread's chunks lie in a stage, and where its weights come from.</summary>
    protected abstract void WritePlaces();

    /// <summary>The address of the thread's first chunk of weights: the same as <see cref="FragmentLayout.ColumnOf"/>, for the thread's row of the first pass.</summary>
    protected void WriteWeightRows(B32 row, B64 offset)
    {
        var (t0, t1, stored, columns) = (Scratch.T0, Scratch.T1, Fragments.StoredTiles, Shape.OutputColumns(Tile.BlockN));
        var firstFragmentBits = Shape.IsPaired ? 4 : 3;
        var bitsOfGroup = stored == 4 ? 2 : stored / 2;
        Writer.Code($"""
            and.b32 {t0}, {row}, 1;
            shr.u32 {t1}, {row}, 1;
            and.b32 {t1}, {t1}, 3;
            mad.lo.u32 {t0}, {t1}, {2 * stored}, {t0};
            shr.u32 {t1}, {row}, {firstFragmentBits};
            and.b32 {t1}, {t1}, {stored - 1};
            mad.lo.u32 {t0}, {t1}, 2, {t0};
            shr.u32 {t1}, {row}, {firstFragmentBits + bitsOfGroup};
            mad.lo.u32 {t0}, {t1}, {8 * stored}, {t0};
            mad.lo.u32 {t0}, {Schedule.BlockN}, {columns}, {t0};
            """);
        if (Shape.IsPaired)
        {
            Writer.Code($"""
                shr.u32 {t1}, {row}, 3;
                and.b32 {t1}, {t1}, 1;
                mad.lo.u32 {t0}, {t1}, {Shape.IntermediateSize}, {t0};
                """);
        }

        Writer.Code($"mad.lo.u32 {t0}, {Schedule.Expert}, {Shape.Columns}, {t0};");
        Writer.LoadAddress(_fromB, ExpertGemmParameter.Weights);
        Writer.Code($"""
            mad.wide.u32 {_fromB}, {t0}, {Shape.WeightRowBytes}, {_fromB};
            add.u64 {_fromB}, {_fromB}, {offset};
            {(HasUpAddress ? $"add.u64 {FromUp}, {_fromB}, {Shape.IntermediateSize * Shape.WeightRowBytes};" : "")}
            """);
    }

    /// <summary>Copies a chunk of a pass's weights.</summary>
    protected void WriteWeightCopy(B32 to, int target, int pass, int offset)
    {
        var row = pass * RowsOfWeightPass;
        var from = HasUpAddress && Fragments.IsUp(row) ? FromUp : _fromB;
        Writer.Code($"cp.async.cg.shared.global.L2::128B [{to}+{target}], [{from}+{(Fragments.ColumnOf(row) * Shape.WeightRowBytes) + offset}], 16;");
    }

    /// <summary>Moves the weights one stage on.</summary>
    protected void WriteWeightAdvance(int bytes)
    {
        Writer.Code($"add.u64 {_fromB}, {_fromB}, {bytes};");
        if (HasUpAddress) Writer.Code($"add.u64 {FromUp}, {FromUp}, {bytes};");
    }

    /// <summary>Copies the thread's chunks of activations; their places in the stage are the layout's.</summary>
    protected void WriteActivationCopies(B32 to, Func<int, int, int> target)
    {
        var condition = Tile.BlockM < RowsOfPass ? $"@{CopiesRow} " : "";
        for (var part = 0; part < Parts; part++)
        {
            for (var pass = 0; pass < PassesA; pass++)
                Writer.Code($"{condition}cp.async.cg.shared.global [{to}+{target(part, pass)}], [{_fromRow[pass]}+{part * GroupedGemmTile.RowBytes}], 16, {Bytes[pass]};");
        }
    }

    /// <summary>Moves the activations one stage on.</summary>
    protected void WriteActivationAdvance()
    {
        foreach (var from in _fromRow) Writer.Code($"add.u64 {from}, {from}, {Tile.BlockBytes};");
    }

    /// <summary>Copies the scales of a stage.</summary>
    protected void WriteScaleCopies()
    {
        Scales?.WriteCopies(Ring.In);
        InputScales?.WriteCopies(Ring.In);
    }

    private B64 FromUp => new("fromUp");

    // Rows that pad copy nothing: the hardware fills in zeros.
    private void WriteActivationRows()
    {
        Writer.LoadAddress(_fromA, ExpertGemmParameter.Activations);
        Writer.Code($"add.u64 {_fromA}, {_fromA}, {ChunkOffset};");
        if (Tile.BlockM < RowsOfPass)
        {
            Writer.Code($"""
                setp.lt.u32 {CopiesRow}, {Row}, {Tile.BlockM};
                and.b32 {Row}, {Row}, {Tile.BlockM - 1};
                """);
        }

        TilePlace.WriteFirstSlot(Writer, Scratch, Row, Schedule.SortedSlots);
        for (var pass = 0; pass < PassesA; pass++) Writer.Code($"ld.global.u32 {_slots[pass]}, [{Scratch.Address}+{pass * RowsOfPass * 4}];");
        for (var pass = 0; pass < PassesA; pass++)
        {
            Writer.Code($"""
                setp.lt.u32 {_valid}, {_slots[pass]}, {Schedule.Slots};
                selp.b32 {Bytes[pass]}, {Swizzle.ChunkBytes}, 0, {_valid};
                {Shape.RowOfSlot(_slots[pass], Scratch.T0)}
                selp.b32 {Scratch.T0}, {Scratch.T0}, 0, {_valid};
                mad.wide.u32 {_fromRow[pass]}, {Scratch.T0}, {(long)Shape.Reduction * Tile.ElementBytes}, {_fromA};
                """);
        }
    }
}
