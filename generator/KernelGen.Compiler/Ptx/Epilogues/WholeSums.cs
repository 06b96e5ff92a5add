namespace KernelGen.Compiler.Ptx;

/// <summary>Applied to complete sums, each once: the scale of a row of weights, the router weight on the input, the bias.</summary>
internal sealed class WholeSums
{
    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly Scratch _scratch;
    private readonly FragmentLayout _layout;
    private readonly TileSchedule _schedule;
    private readonly GemmOutput _form;
    private readonly B64 _atRow;
    private readonly F32[] _scales = [];
    private readonly B64 _scalesFrom;
    private readonly F32[] _biases = [];
    private readonly B64 _biasesFrom;
    private readonly Pred _isFirstSlice;

    public WholeSums(PtxWriter writer, GroupedGemmShape shape, Scratch scratch, FragmentLayout layout, TileSchedule schedule, GemmOutput form)
    {
        (_writer, _shape, _scratch, _layout, _schedule, _form) = (writer, shape, scratch, layout, schedule, form);
        if (!form.HasWholeSums) return;
        if (form.HasColumnNumbers) _atRow = writer.B64("atRow");
        if (shape.HasRowScales) (_scales, _scalesFrom) = (writer.F32s("rowScale", 2 * layout.StoredTiles), writer.B64("rowScaleFrom"));
        if (!shape.Bias) return;
        (_biases, _biasesFrom) = (writer.F32s("bias", 2 * layout.StoredTiles), writer.B64("biasFrom"));
        if (schedule.IsSplit) _isFirstSlice = writer.Pred("isFirstSlice");
    }

    /// <summary>Completes the sums.</summary>
    public void Write(FragmentSums sums, LoadedRows rows, B32 expert, B32 column)
    {
        if (!_form.HasColumnNumbers && !_form.WeightsInput) return;
        _writer.Comment("Scales, router weights on the input, biases.");
        rows.WriteInputWeights();
        if (_form.HasColumnNumbers)
        {
            _writer.Code($"""
                mad.lo.u32 {_scratch.T0}, {expert}, {_shape.Columns}, {column};
                mul.wide.u32 {_atRow}, {_scratch.T0}, 4;
                """);
        }

        if (_shape.HasRowScales) WriteStart(ExpertGemmParameter.Scales, _scalesFrom);
        if (_shape.Bias) WriteStart(ExpertGemmParameter.Biases, _biasesFrom);
        if (_shape.Bias && _schedule.IsSplit) _writer.Code($"setp.eq.u32 {_isFirstSlice}, {_schedule.Slice}, 0;");
        foreach (var (fragments, first, isUp) in _layout.StoredFragments())
        {
            WriteNumbers((first + (isUp ? _shape.IntermediateSize : 0)) * 4L);
            for (var i = 0; i < fragments.Length; i++)
            {
                for (var m = 0; m < _layout.M; m++)
                {
                    for (var x = 0; x < 4; x++) WriteSum(sums[m, fragments[i], x], (2 * i) + (x % 2), rows.InputWeight(m, x / 2));
                }
            }
        }
    }

    private void WriteStart(ExpertGemmParameter parameter, B64 from)
    {
        _writer.LoadAddress(from, parameter);
        _writer.Code($"add.u64 {from}, {from}, {_atRow};");
    }

    private void WriteNumbers(long offset)
    {
        if (_shape.HasRowScales) ColumnNumbers.WriteLoads(_writer, "global.nc", _scales, _scalesFrom.ToString(), offset);
        if (!_shape.Bias) return;
        ColumnNumbers.WriteLoads(_writer, "global.nc", _biases, _biasesFrom.ToString(), offset);
        foreach (var bias in _schedule.IsSplit ? _biases : []) _writer.Code($"selp.f32 {bias}, {bias}, 0f00000000, {_isFirstSlice};");
    }

    private void WriteSum(F32 sum, int column, F32 inputWeight)
    {
        if (_shape.HasRowScales) _writer.Code($"mul.rn.f32 {sum}, {sum}, {_scales[column]};");
        if (_form.WeightsInput) _writer.Code($"mul.rn.f32 {sum}, {sum}, {inputWeight};");
        if (_shape.Bias) _writer.Code($"add.rn.f32 {sum}, {sum}, {_biases[column]};");
    }
}
