namespace KernelGen.Compiler.Ptx;

/// <summary>Scales and zero points of groups, loaded into registers a turn ahead as the weights are.</summary>
internal sealed class StreamedScales
{
    private readonly PtxWriter _writer;
    private readonly StreamedLayout _layout;
    private readonly Scratch _scratch;
    private readonly B32 _element;
    private readonly B32 _fromElement;
    private readonly F32[][] _scales;
    private readonly B32[][] _stored = [];
    private readonly B32[] _zeros = [];
    private readonly List<Numbers> _numbers = [];

    public StreamedScales(PtxWriter writer, StreamedLayout layout, Scratch scratch)
    {
        (_writer, _layout, _scratch) = (writer, layout, scratch);
        (_element, _fromElement) = (writer.B32("element"), writer.B32("fromElement"));
        _scales = [.. Enumerable.Range(0, layout.GroupsOfTurn).Select(group => writer.F32s($"scale{group}_", layout.Eights))];
        _numbers.Add(new(ExpertGemmParameter.Scales, 4, writer.B64("scalesFrom"), writer.B64("scalesOf"), writer.B64("atScales")));
        if (!layout.Shape.ZeroPoints) return;
        _stored = [.. Enumerable.Range(0, layout.GroupsOfTurn).Select(group => writer.B32s($"stored{group}_", layout.Eights))];
        _zeros = writer.B32s("zero", layout.Eights);
        _numbers.Add(new(ExpertGemmParameter.ZeroPoints, 1, writer.B64("zeroPointsFrom"), writer.B64("zeroPointsOf"), writer.B64("atZeroPoints")));
    }

    /// <summary>The scale of a group and of one of eight columns.</summary>
    public F32 Scale(int group, int eight) => _scales[group][eight];

    /// <summary>The zero point of the present group.</summary>
    public B32 Zero(int eight) => _zeros[eight];

    /// <summary>Where the next tile's numbers start.</summary>
    public void WriteSources(PersistentSchedule schedule, B32 expert, B32 column, B32 warp)
    {
        _writer.Code(schedule.IsSplit ? $"mul.lo.u32 {_fromElement}, {schedule.FirstBlock}, {_layout.Tile.BlockK};" : $"mov.u32 {_fromElement}, 0;");
        _writer.Code($"mad.lo.u32 {_fromElement}, {warp}, {_layout.ElementsOfWarp}, {_fromElement};");
        foreach (var (parameter, bytes, from, _, _) in _numbers)
        {
            _writer.Code($"mul.lo.u32 {_scratch.T0}, {expert}, {_layout.Shape.Groups};");
            _writer.LoadAddress(from, parameter);
            _writer.Code($"""
                mad.wide.u32 {from}, {_scratch.T0}, {_layout.Shape.Columns * bytes}, {from};
                mul.wide.u32 {_scratch.Wide}, {column}, {bytes};
                add.u64 {from}, {from}, {_scratch.Wide};
                """);
        }
    }

    /// <summary>Moves the loads one turn on.</summary>
    public void WriteAdvance() => _writer.Code($"add.u32 {_element}, {_element}, {_layout.Tile.BlockK};");

    /// <summary>Moves the loads to the next tile if the turn is the last one. The group is then in the first scratch register.</summary>
    public void WriteJump(Pred last)
    {
        _writer.Code($"""
            selp.b32 {_element}, {_fromElement}, {_element}, {last};
            div.u32 {_scratch.T0}, {_element}, {_layout.Shape.GroupSize};
            """);
        foreach (var (_, bytes, from, of, at) in _numbers)
        {
            _writer.Code($"""
                selp.b64 {of}, {from}, {of}, {last};
                mad.wide.u32 {at}, {_scratch.T0}, {_layout.Shape.Columns * bytes}, {of};
                """);
        }
    }

    /// <summary>Loads a group's scales.</summary>
    public void WriteScaleLoads(int group, Pred idle)
    {
        for (var eight = 0; eight < _layout.Eights; eight++) _writer.Code($"@{!idle} ld.global.nc.f32 {_scales[group][eight]}, [{_numbers[0].At}+{OffsetOf(group, eight) * 4}];");
    }

    /// <summary>Loads a group's zero points, if groups have any.</summary>
    public void WriteZeroPointLoads(int group, Pred idle)
    {
        for (var eight = 0; eight < _zeros.Length; eight++) _writer.Code($"@{!idle} ld.global.nc.s8 {_stored[group][eight]}, [{_numbers[1].At}+{OffsetOf(group, eight)}];");
    }

    /// <summary>Converts a group's zero points, if groups have any, and loads the next ones.</summary>
    public void WriteZeroPoints(int group, WeightConversion conversion, Pred idle)
    {
        for (var eight = 0; eight < _zeros.Length; eight++) conversion.WriteMinusZero(_stored[group][eight], _zeros[eight]);
        WriteZeroPointLoads(group, idle);
    }

    private long OffsetOf(int group, int eight) => ((long)group * _layout.Shape.Columns) + _layout.ColumnOf(eight);

    // What groups have: the parameter, its bytes, where the next tile's start, those of the present one, and the address of the loads.
    private sealed record Numbers(ExpertGemmParameter Parameter, int Bytes, B64 From, B64 Of, B64 At);
}
