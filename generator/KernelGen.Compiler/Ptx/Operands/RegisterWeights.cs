namespace KernelGen.Compiler.Ptx;

/// <summary>Weights that go from memory straight into registers, a turn ahead of what is multiplied: <c>at…</c> is where loads are, <c>from…</c> where the next tile's start.</summary>
internal sealed class RegisterWeights
{
    private readonly PtxWriter _writer;
    private readonly StreamedLayout _layout;
    private readonly Scratch _scratch;
    private readonly B32[][] _words;
    private readonly B64 _lane;
    private readonly B64 _offset;
    private readonly B64 _from;
    private readonly B64 _at;
    private readonly B64 _fromUp;
    private readonly B64 _atUp;

    public RegisterWeights(PtxWriter writer, StreamedLayout layout, Scratch scratch)
    {
        (_writer, _layout, _scratch) = (writer, layout, scratch);
        _words = [.. Enumerable.Range(0, layout.Eights).Select(eight => writer.B32s($"word{eight}_", layout.LoadedWords * layout.LoadsOfTurn))];
        (_lane, _offset, _from, _at) = (writer.B64("laneWeights"), writer.B64("weightOffset"), writer.B64("fromB"), writer.B64("atB"));
        if (layout.Shape.IsPaired) (_fromUp, _atUp) = (writer.B64("fromUp"), writer.B64("atUp"));
    }

    private bool IsPaired => _layout.Shape.IsPaired;

    /// <summary>A lane's 16 bytes of a row; the next block's are as many bytes further on as the whole thread block loads.</summary>
    public void WriteLane(B32 laneOfRow, B32 warp) => _writer.Code($"""
        mul.lo.u32 {_scratch.T1}, {laneOfRow}, {4 * _layout.LoadedWords};
        mad.lo.u32 {_scratch.T1}, {warp}, {_layout.Shape.WeightBytes(_layout.ElementsOfWarp)}, {_scratch.T1};
        cvt.u64.u32 {_lane}, {_scratch.T1};
        """);

    /// <summary>Where a slice's weights of a row start.</summary>
    public void WriteRowOffset() => _writer.Code($"mov.u64 {_offset}, {_lane};");

    /// <summary>Moves a row's start to that of the slice.</summary>
    public void WriteSlice(B32 firstBlock) => _writer.Code($"""
        mul.wide.u32 {_scratch.Wide}, {firstBlock}, {_layout.TurnBytes};
        add.u64 {_offset}, {_offset}, {_scratch.Wide};
        """);

    /// <summary>Where the next tile's weights start: those of an expert's row of the matrix.</summary>
    public void WriteSource(B32 expert, B32 column)
    {
        _writer.Code($"mad.lo.u32 {_scratch.T0}, {expert}, {_layout.Shape.Columns}, {column};");
        _writer.LoadAddress(_from, ExpertGemmParameter.Weights);
        _writer.Code($"""
            mad.wide.u32 {_from}, {_scratch.T0}, {_layout.Shape.WeightRowBytes}, {_from};
            add.u64 {_from}, {_from}, {_offset};
            {(IsPaired ? $"add.u64 {_fromUp}, {_from}, {_layout.Shape.IntermediateSize * _layout.Shape.WeightRowBytes};" : "")}
            """);
    }

    /// <summary>Moves the loads one turn on.</summary>
    public void WriteAdvance()
    {
        _writer.Code($"add.u64 {_at}, {_at}, {_layout.TurnBytes};");
        if (IsPaired) _writer.Code($"add.u64 {_atUp}, {_atUp}, {_layout.TurnBytes};");
    }

    /// <summary>Moves the loads to the next tile if the turn is the last one.</summary>
    public void WriteJump(Pred last)
    {
        _writer.Code($"selp.b64 {_at}, {_from}, {_at}, {last};");
        if (IsPaired) _writer.Code($"selp.b64 {_atUp}, {_fromUp}, {_atUp}, {last};");
    }

    /// <summary>Loads the weights of 16 columns. Nobody reads them again.</summary>
    public void WriteLoads(int columns, int load, Pred idle)
    {
        for (var eight = 2 * columns; eight < 2 * (columns + 1); eight++)
        {
            var (isUp, row) = _layout.PlaceOf(eight);
            var words = Words(eight, load * _layout.LoadedWords, _layout.LoadedWords);
            var offset = (row * _layout.Shape.WeightRowBytes) + (load * Swizzle.ChunkBytes * _layout.LoadedWords);
            _writer.Code($"@{!idle} ld.global.nc.L1::no_allocate.L2::128B{Vector.Width(words.Length)}.b32 {Vector.Operand(words)}, [{(isUp ? _atUp : _at)}+{offset}];");
        }
    }

    /// <summary>Registers of a row's weights.</summary>
    public B32[] Words(int eight, int first, int count) => [.. _words[eight].Skip(first).Take(count)];
}
