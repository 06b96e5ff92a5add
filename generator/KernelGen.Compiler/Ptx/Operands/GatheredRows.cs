namespace KernelGen.Compiler.Ptx;

/// <summary>Activations that a few warps copy into the stages of others: gathered rows of 128 bytes, under the swizzle. Those that pad are not copied: what they multiply to is not stored.</summary>
internal sealed class GatheredRows
{
    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly Func<int, int> _rowOfTile;
    private readonly B32 _chunk;
    private readonly B32 _row;
    private readonly B32 _to;
    private readonly B32[] _rows;
    private readonly B64 _activations;
    private readonly B64 _from;
    private readonly Pred _valid;
    private readonly int _rowsOfPass;

    /// <summary>Declares the registers of the copies.</summary>
    /// <param name="threads">Threads that copy.</param>
    /// <param name="rowOfTile">Which row of the tile a row of the thread block is.</param>
    public GatheredRows(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, int threads, Func<int, int> rowOfTile)
    {
        (_writer, _shape, _tile, _scratch, _rowOfTile, _rowsOfPass) = (writer, shape, tile, scratch, rowOfTile, threads / Swizzle.ChunksOfRow);
        (_chunk, _row, _to, _rows) = (writer.B32("chunk"), writer.B32("row"), writer.B32("toA"), writer.B32s("row", tile.RowsOfGroup / _rowsOfPass));
        (_activations, _from, _valid) = (writer.B64("activations"), writer.B64("from"), writer.Pred("valid"));
    }

    private int Parts => _tile.BlockBytes / GroupedGemmTile.RowBytes;

    /// <summary>The thread's chunk of 16 bytes of every few rows, and where it lies in a stage.</summary>
    public void WritePlace(B32 thread, B32 shared)
    {
        _writer.Code($"""
            and.b32 {_chunk}, {thread}, {Swizzle.ChunksOfRow - 1};
            shr.u32 {_row}, {thread}, 3;
            """);
        Swizzle.WritePlace(_writer, _scratch, _row, _chunk, shared, _to);
    }

    /// <summary>Where the chunk of the first row is.</summary>
    public void WriteSource()
    {
        _writer.LoadAddress(_activations, ExpertGemmParameter.Activations);
        _writer.Code($"""
            mul.wide.u32 {_scratch.Wide}, {_chunk}, {Swizzle.ChunkBytes};
            add.u64 {_activations}, {_activations}, {_scratch.Wide};
            """);
    }

    /// <summary>The rows of a tile.</summary>
    public void WriteRows(TileSchedule schedule)
    {
        TilePlace.WriteFirstSlot(_writer, _scratch, _row, schedule.SortedSlots);
        for (var pass = 0; pass < _rows.Length; pass++) _writer.Code($"ld.global.u32 {_rows[pass]}, [{_scratch.Address}+{_rowOfTile(pass * _rowsOfPass) * 4}];");
        foreach (var row in _rows)
        {
            _writer.Code($"""
                setp.lt.u32 {_valid}, {row}, {schedule.Slots};
                {_shape.RowOfSlot(row)}
                selp.b32 {row}, {row}, -1, {_valid};
                """);
        }
    }

    /// <summary>Begins with an element, counted in two bytes.</summary>
    public void WriteStart(B32 element) => _writer.Code($"""
        mul.wide.u32 {_scratch.Wide}, {element}, 2;
        add.u64 {_from}, {_activations}, {_scratch.Wide};
        """);

    /// <summary>Copies the thread's chunks of a stage.</summary>
    public void WriteCopies(B32 stage)
    {
        _writer.Code($"add.u32 {_scratch.T0}, {_to}, {stage};");
        for (var pass = 0; pass < _rows.Length; pass++)
        {
            _writer.Code($"""
                setp.ge.s32 {_valid}, {_rows[pass]}, 0;
                mad.wide.u32 {_scratch.Wide}, {_rows[pass]}, {_tile.ElementBytes * _shape.Reduction}, {_from};
                """);
            for (var part = 0; part < Parts; part++)
            {
                var target = (part * _tile.RowsOfGroup * GroupedGemmTile.RowBytes) + (pass * _rowsOfPass * GroupedGemmTile.RowBytes);
                var source = _tile.WeightsLeft ? $"{_scratch.Wide}+{part * GroupedGemmTile.RowBytes}" : _scratch.Wide.ToString();
                _writer.Code($"@{_valid} cp.async.cg.shared.global [{_scratch.T0}+{target}], [{source}], 16;");
            }
        }
    }

    /// <summary>Moves on to the next stage's elements.</summary>
    public void WriteAdvance() => _writer.Code($"add.u64 {_from}, {_from}, {_tile.BlockBytes};");
}
