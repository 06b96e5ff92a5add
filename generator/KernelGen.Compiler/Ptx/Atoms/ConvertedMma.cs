namespace KernelGen.Compiler.Ptx;

/// <summary>
/// <c>mma.sync</c> with weights that are converted to bfloat16 in registers. A stage is divided into units of 32 elements of the reduction, of which a lane multiplies the eight
/// neighbours 8·(lane mod 4) …: both operands use the elements of a step in that order, which does not affect a sum, so a lane's weights are a single load.
/// </summary>
internal sealed class ConvertedMma
{
    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly FragmentLayout _layout;
    private readonly FragmentSums _sums;
    private readonly UnitLayout _units;
    private readonly WeightConversion _conversion;
    private readonly NaNWeights? _nan;
    private readonly FragmentSums? _groupSums;
    private readonly GroupScales? _scales;
    private readonly GroupZeroPoints? _zeros;
    private readonly F32 _nothing;
    private readonly B32[][] _a;
    private readonly B32[][] _words;
    private readonly B32[] _b;
    private readonly B32[] _rests = [];
    private readonly B32[] _collected = [];
    private readonly B32 _laneA;
    private readonly B32 _laneB;
    private readonly B32 _atA;
    private readonly B32 _atB;

    public ConvertedMma(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, FragmentLayout layout, FragmentSums sums)
    {
        (_writer, _shape, _tile, _scratch, _layout, _sums, _units) = (writer, shape, tile, scratch, layout, sums, new(shape, tile));
        _conversion = new(writer, shape.WeightType, shape.ZeroPoints);
        _a = [.. Enumerable.Range(0, layout.M).Select(m => writer.B32s($"a{m}_", 8))];
        _words = [.. Enumerable.Range(0, layout.N).Select(n => writer.B32s($"word{n}_", _conversion.Words))];
        (_laneA, _laneB, _atA, _atB, _b) = (writer.B32("laneA"), writer.B32("laneB"), writer.B32("atA"), writer.B32("atB"), writer.B32s("b", 2));
        if (shape.HasRests) _rests = writer.B32s("rest_", 2);
        if (shape.WeightType == DType.Float8E4M3) (_nan, _collected) = (new(writer, _conversion), writer.B32s("nan", layout.N));
        if (!shape.HasGroups) return;
        (_groupSums, _nothing, _scales) = (new(writer, layout, "group_"), writer.F32("nothing"), new(writer, shape, tile, scratch, layout, _units.ScalesAt));
        if (shape.ZeroPoints) _zeros = new(writer, shape, tile, scratch, layout, _units.ScalesAt + new StageGroups(shape, tile).ScaleBytes);
    }

    /// <summary>What conversions share, and where the lane's elements of a stage start.</summary>
    public void WriteSetup(Warps warps, B32 shared)
    {
        _conversion.WriteSetup();
        _writer.Comment("Elements that the lane reads.");
        _writer.Code($"""
            shl.b32 {_scratch.T0}, {warps.Lane}, 4;
            mad.lo.u32 {_scratch.T0}, {warps.M}, {_tile.WarpM * UnitLayout.PitchA}, {_scratch.T0};
            add.u32 {_laneA}, {shared}, {_scratch.T0};
            mul.lo.u32 {_scratch.T0}, {warps.Lane}, {_units.PitchB / 4};
            mad.lo.u32 {_scratch.T0}, {warps.N}, {_tile.WarpN * _units.PitchB}, {_scratch.T0};
            add.u32 {_laneB}, {shared}, {_scratch.T0};
            """);
        foreach (var collected in _collected) _writer.Code($"mov.b32 {collected}, 0;");
        _conversion.WriteZeroSetup();
        if (_scales is not null) _writer.Code($"mov.f32 {_nothing}, 0f00000000;");
        _scales?.WriteSetup(warps, shared);
        _zeros?.WriteSetup(warps, shared);
    }

    /// <summary>Multiplies a stage.</summary>
    public void WriteStage(B32 stage)
    {
        _writer.Code($"""
            add.u32 {_atA}, {_laneA}, {stage};
            add.u32 {_atB}, {_laneB}, {stage};
            """);
        for (var unit = 0; unit < _units.Units; unit++) WriteUnit(unit, stage);
    }

    /// <summary>A column with a NaN among its weights is NaN. The lane has the weights of column lane ÷ 4 of each fragment and has sums of columns 2·(lane mod 4) and the next.</summary>
    public void WriteEnd(Warps warps)
    {
        if (_nan is null) return;
        var (t0, t1, t2) = (_scratch.T0, _scratch.T1, _scratch.T2);
        _writer.Comment("NaN among the weights.");
        _writer.Code($"""
            and.b32 {t2}, {warps.Lane}, 3;
            shl.b32 {t2}, {t2}, 3;
            """);
        for (var n = 0; n < _layout.N; n++)
        {
            _nan.WriteOfRow(_collected[n], t0);
            for (var x = 0; x < 2; x++)
            {
                _writer.Code($"""
                    add.u32 {t1}, {t2}, {4 * x};
                    shfl.sync.idx.b32 {t0}, {_collected[n]}, {t1}, 0x1f, 0xffffffff;
                    setp.ne.b32 {_nan.IsNaN}, {t0}, 0;
                    """);
                foreach (var (m, half) in _layout.Rows()) _nan.WriteSum(_sums[m, n, x + (2 * half)]);
            }
        }
    }

    private void WriteUnit(int unit, B32 stage)
    {
        foreach (var (m, half) in _layout.Rows())
            _writer.Code($"ld.shared.v4.b32 {Vector.Of(_a[m].Skip(4 * half).Take(4))}, [{_atA}+{(unit * _units.BytesA) + (((m * 16) + (half * 8)) * UnitLayout.PitchA)}];");
        var elements = new StageGroups(_shape, _tile).Elements;
        var (first, end) = (unit * UnitLayout.UnitElements, (unit + 1) * UnitLayout.UnitElements);
        var startsGroup = _shape.HasGroups && first % elements == 0;
        if (startsGroup) _zeros?.WriteGroup(first / elements, stage, _conversion);
        for (var n = 0; n < _layout.N; n++) WriteFragment(unit, n, startsGroup);
        if (_scales is not null && end % elements == 0) WriteGroupEnd(first / elements, stage);
    }

    private void WriteGroupEnd(int group, B32 stage)
    {
        if (group == 0) _scales!.WriteStage(stage);
        _scales!.WriteGroup(group, (m, n, x, scale) => _writer.Code($"fma.rn.f32 {_sums[m, n, x]}, {_groupSums![m, n, x]}, {scale}, {_sums[m, n, x]};"));
    }

    private void WriteFragment(int unit, int n, bool startsGroup)
    {
        var words = _words[n];
        _writer.Code($"ld.shared{Vector.Width(words.Length)}.b32 {Vector.Operand(words)}, [{_atB}+{_units.WeightsAt + (unit * _units.BytesB) + (n * 8 * _units.PitchB)}];");
        _nan?.WriteCollection(words, _collected[n]);
        for (var step = 0; step < 2; step++)
        {
            for (var pair = 0; pair < 2; pair++)
                _conversion.WritePair(words, step, pair, _b[pair], _shape.HasRests ? _rests[pair] : null, _conversion.MinusZero(() => _zeros![n]));
            for (var m = 0; m < _layout.M; m++)
            {
                WriteProduct(m, n, step, _b, startsGroup && step == 0);
                if (_shape.HasRests) WriteProduct(m, n, step, _rests, isFirst: false);
            }
        }
    }

    private void WriteProduct(int m, int n, int step, B32[] weights, bool isFirst)
    {
        var to = (_groupSums ?? _sums).Fragment(m, n);
        var before = _groupSums is not null && isFirst ? Enumerable.Repeat(_nothing, 4) : to;
        B32[] rows = [_a[m][2 * step], _a[m][4 + (2 * step)], _a[m][(2 * step) + 1], _a[m][4 + (2 * step) + 1]];
        _writer.Code($"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {Vector.Of(to)}, {Vector.Of(rows)}, {Vector.Of(weights)}, {Vector.Of(before)};");
    }
}
