namespace KernelGen.Compiler.Ptx;

/// <summary>
/// The tiles of a persistent kernel: as many thread blocks as run at once, or clusters of them, take one tile after the other. Tiles are numbered so that few blocks
/// of rows take turns with one block of columns.
/// </summary>
internal sealed class PersistentSchedule : TileSchedule
{
    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly int _rowsOfGroup;
    private readonly B32 _padded;
    private readonly B32 _tilesOfSlice;
    private readonly B32 _blocksM;
    private readonly B32 _turn;
    private readonly B32 _firstRow;
    private readonly B64 _sorted;

    /// <summary>Declares the registers of a tile's place.</summary>
    /// <param name="rowsOfGroup">Rows from one to the next part of a thread block in a cluster.</param>
    public PersistentSchedule(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, int rowsOfGroup = 0)
        : base(writer, tile)
    {
        (_writer, _shape, _tile, _scratch, _rowsOfGroup) = (writer, shape, tile, scratch, rowsOfGroup);
        (_padded, _tilesOfSlice, _blocksM, _turn, _firstRow) = (writer.B32("padded"), writer.B32("tilesOfSlice"), writer.B32("blocksM"), writer.B32("turn"), writer.B32("firstRow"));
        (Tile, TileStep, Tiles) = (writer.B32("tile"), writer.B32("tileStep"), writer.B32("tiles"));
        (_sorted, Done) = (writer.B64("sorted"), writer.Pred("done"));
        if (tile.Cluster > 1) Rank = writer.B32("rank");
    }

    /// <summary>Slots, then those that pad.</summary>
    public B32 Padded => _padded;

    /// <summary>The tile's number.</summary>
    public B32 Tile { get; }

    /// <summary>From a tile to the thread block's next.</summary>
    public B32 TileStep { get; }

    /// <summary>How many tiles there are.</summary>
    public B32 Tiles { get; }

    /// <summary>The thread block's number in its cluster, where there are clusters.</summary>
    public B32 Rank { get; }

    /// <summary>Whether there is no tile left.</summary>
    public Pred Done { get; }

    /// <summary>Loads where all slots lie.</summary>
    public void WriteSortedSlots() => _writer.LoadAddress(_sorted, ExpertGemmParameter.SortedSlots);

    /// <summary>Loads how many slots there are, without and with those that pad.</summary>
    public void WriteSlots()
    {
        _writer.Code($"ld.param.u32 {Slots}, [{ExpertGemmParameter.Slots.Text()}];");
        _writer.LoadAddress(_scratch.Address, ExpertGemmParameter.PaddedSlots);
        _writer.Code($"ld.global.u32 {_padded}, [{_scratch.Address}];");
    }

    /// <summary>Counts the tiles; the first one has the thread block's number.</summary>
    public void WriteTiles() => _writer.Code($"""
        div.u32 {_blocksM}, {_padded}, {_tile.BlockM};
        mul.lo.u32 {_tilesOfSlice}, {_blocksM}, {_shape.Columns / _tile.BlockN};
        mul.lo.u32 {Tiles}, {_tilesOfSlice}, {_tile.SplitK};
        mov.u32 {Tile}, %ctaid.x;
        mov.u32 {TileStep}, %nctaid.x;
        """);

    /// <summary>The blocks of a reduction that is one slice, the same for all tiles.</summary>
    public void WriteWholeReduction()
    {
        if (!IsSplit) _writer.Code($"mov.u32 {Blocks}, {_shape.Reduction / _tile.BlockK};");
    }

    /// <summary>Makes tiles those of a cluster.</summary>
    public void WriteCluster()
    {
        if (_tile.Cluster == 1) return;
        _writer.Code($"""
            mov.u32 {Rank}, %cluster_ctarank;
            div.u32 {Tile}, {Tile}, {_tile.Cluster};
            div.u32 {TileStep}, {TileStep}, {_tile.Cluster};
            """);
    }

    /// <summary>Which rows, columns and slice the tile has; branches to <paramref name="end"/> after the last tile.</summary>
    public void WritePlace(string end)
    {
        var (t0, t1, columnBlocks) = (_scratch.T0, _scratch.T1, _shape.Columns / _tile.BlockN);
        _writer.Code($"""
            setp.ge.u32 {Done}, {Tile}, {Tiles};
            @{Done} bra {end};
            mov.u32 {_turn}, {Tile};
            """);
        if (IsSplit)
        {
            _writer.Code($"""
                div.u32 {Slice}, {Tile}, {_tilesOfSlice};
                rem.u32 {_turn}, {Tile}, {_tilesOfSlice};
                """);
            Reduction.WriteSlice(_writer, _shape, _tile, t0, Slice, FirstBlock, Blocks);
        }

        _writer.Code($"""
            div.u32 {t0}, {_turn}, {_tile.GroupM * columnBlocks};
            rem.u32 {_turn}, {_turn}, {_tile.GroupM * columnBlocks};
            mul.lo.u32 {BlockM}, {t0}, {_tile.GroupM};
            sub.u32 {t1}, {_blocksM}, {BlockM};
            min.u32 {t1}, {t1}, {_tile.GroupM};
            div.u32 {BlockN}, {_turn}, {t1};
            rem.u32 {t0}, {_turn}, {t1};
            add.u32 {BlockM}, {BlockM}, {t0};
            mul.lo.u32 {_firstRow}, {BlockM}, {_tile.BlockM};
            {(_tile.Cluster > 1 ? $"mad.lo.u32 {_firstRow}, {Rank}, {_rowsOfGroup}, {_firstRow};" : "")}
            mul.wide.u32 {_scratch.Wide}, {_firstRow}, 4;
            add.u64 {SortedSlots}, {_sorted}, {_scratch.Wide};
            """);
    }

    /// <summary>Moves on to the thread block's next tile.</summary>
    public void WriteAdvance() => _writer.Code($"add.u32 {Tile}, {Tile}, {TileStep};");

    /// <summary>Moves on to the next tile, at a label.</summary>
    public void WriteNextTile(string label)
    {
        WriteAdvance();
        _writer.Code($"bra {label};");
    }
}
