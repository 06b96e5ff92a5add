namespace KernelGen.Compiler.Ptx;

/// <summary>
/// From sums with weights on the left to the output. A thread has sums of one column and neighbouring slots, the output wants neighbouring columns of a slot: as
/// bfloat16, eight columns of eight slots are a matrix that <c>movmatrix</c> transposes.
/// </summary>
internal sealed class LeftEpilogue
{
    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly PersistentSchedule _schedule;
    private readonly GemmOutput _form;
    private readonly LeftSums _sums;
    private readonly LeftSlots _slots;
    private readonly B32 _columnOfWarp;
    private readonly B32 _column;
    private readonly B32 _slot;
    private readonly B32[] _from;
    private readonly B32[] _packed;
    private readonly B64 _output;
    private readonly B64 _to;
    private readonly F32[] _values;
    private readonly Pred _isSlot;
    private readonly B32[] _routerWeights = [];
    private readonly Activation? _activation;
    private readonly B32 _columnOfLane;
    private readonly B64 _biasesFrom;
    private readonly F32[] _biases = [];
    private readonly Pred _isFirstSlice;

    public LeftEpilogue(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, PersistentSchedule schedule, LeftSums sums)
    {
        (_writer, _shape, _tile, _scratch, _schedule, _sums, _form) = (writer, shape, tile, scratch, schedule, sums, new(shape, tile));
        _slots = new(writer, tile, scratch, schedule, HasRouterWeights);
        (_columnOfWarp, _column, _slot, _from, _packed) = (writer.B32("columnOfWarp"), writer.B32("column"), writer.B32("slot"), writer.B32s("from", 2), writer.B32s("packed", 2));
        (_output, _to, _values, _isSlot) = (writer.B64("output"), writer.B64("to"), writer.F32s("value", 2), writer.Pred("isSlot"));
        if (HasRouterWeights) _routerWeights = writer.B32s("routerWeight", 2);
        if (_form.StoresActivated) _activation = new(writer, shape);
        if (HasColumnOfLane) _columnOfLane = writer.B32("columnOfLane");
        if (!_form.HasColumnNumbers) return;
        (_biasesFrom, _biases) = (writer.B64("biasFrom"), writer.F32s(from rows in Enumerable.Range(0, sums.Fragments) from half in Enumerable.Range(0, 2) select $"bias{rows}_{half}"));
        if (schedule.IsSplit) _isFirstSlice = writer.Pred("isFirstSlice");
    }

    private bool HasRouterWeights => _form.WeightsOutput || _form.WeightsInput;

    private bool HasColumnOfLane => !_form.StoresBFloat16 || _form.HasColumnNumbers;

    // Columns of the output that a warp has of one fragment: pairs of rows are one.
    private int ColumnsOfWarp => _shape.OutputColumns(LeftWgmma.WarpRows);

    /// <summary>Where a warp's columns start, and which of a matrix of eight by eight a lane has before and after it is transposed.</summary>
    public void WriteSetup(Warps warps)
    {
        _writer.Code($"""
            shr.u32 {_scratch.T0}, {warps.N}, 2;
            and.b32 {_scratch.T1}, {warps.N}, 3;
            mad.lo.u32 {_scratch.T0}, {_scratch.T0}, {4 * _sums.Fragments}, {_scratch.T1};
            mul.lo.u32 {_columnOfWarp}, {_scratch.T0}, {ColumnsOfWarp};
            """);
        _slots.WriteSetup(warps.Lane);
    }

    /// <summary>Slots and router weights of the tile, and the expert, long before they are needed.</summary>
    public void WriteSlots(Warps warps, B32 expert)
    {
        _slots.WriteSlots(warps.Lane);
        if (_form.HasColumnNumbers) TilePlace.WriteExpertOfColumns(_writer, _scratch, _schedule.BlockM, expert);
        _slots.WriteRouterWeights();
    }

    /// <summary>Completes the sums and stores the results.</summary>
    public void Write(B32 expert)
    {
        _writer.Comment("From sums to the output.");
        WriteBiases(expert);
        _writer.Code($"""
            mad.lo.u32 {_column}, {_schedule.BlockN}, {_shape.OutputColumns(_tile.BlockN)}, {_columnOfWarp};
            {(_form.StoresBFloat16 ? $"mad.lo.u32 {_column}, {_slots.PairOfLane}, {ColumnsOfWarp / 8}, {_column};" : $"add.u32 {_column}, {_column}, {_columnOfLane};")}
            """);
        _writer.LoadAddress(_output, ExpertGemmParameter.Output);
        _writer.Code($"""
            mul.wide.u32 {_scratch.Wide}, {_column}, {_form.Bytes};
            add.u64 {_output}, {_output}, {_scratch.Wide};
            """);
        for (var eight = 0; eight < _sums.Eights; eight++)
        {
            if (HasRouterWeights) _slots.WriteOfSlots(_slots.RouterWeights, _routerWeights, _from, eight);
            for (var rows = 0; rows < _sums.Fragments; rows++) WriteWholeSums(rows, eight);
            if (_form.StoresBFloat16) WriteTransposed(eight);
            else WriteSlices(eight);
        }
    }

    private void WriteWholeSums(int rows, int eight)
    {
        for (var x = 0; x < 4; x++)
        {
            var sum = _sums[rows, eight, x];
            if (_form.WeightsInput) _writer.Code($"mul.rn.f32 {sum}, {sum}, {_routerWeights[x % 2]};");
            if (_shape.Bias && _form.HasWholeSums) _writer.Code($"add.rn.f32 {sum}, {sum}, {_biases[(2 * rows) + (x / 2)]};");
            if (_form.WeightsOutput) _writer.Code($"mul.rn.f32 {sum}, {sum}, {_routerWeights[x % 2]};");
        }
    }

    /// <summary>Rounds eight slots' results, and stores those of one slot and two or four neighbouring columns.</summary>
    private void WriteTransposed(int eight)
    {
        _slots.WriteOfLane(_slot, _from[0], eight);
        _writer.Code($"""
            setp.lt.u32 {_isSlot}, {_slot}, {_schedule.Slots};
            mad.wide.u32 {_to}, {_slot}, {(long)_form.RowElements * _form.Bytes}, {_output};
            """);
        for (var rows = 0; rows < _sums.Fragments; rows++)
        {
            for (var half = 0; half < (_shape.IsPaired ? 1 : 2); half++)
            {
                for (var x = 0; x < 2; x++)
                {
                    var sum = _sums[rows, eight, (2 * half) + x];
                    if (_activation is not null) _activation.Write(sum, _shape.IsPaired ? _sums[rows, eight, 2 + x] : null, _values[x]);
                    else _writer.Code($"mov.f32 {_values[x]}, {sum};");
                }

                _writer.Code($"""
                    cvt.rn.bf16x2.f32 {_packed[half]}, {_values[1]}, {_values[0]};
                    movmatrix.sync.aligned.m8n8.trans.b16 {_packed[half]}, {_packed[half]};
                    """);
            }

            var offset = rows * 4 * ColumnsOfWarp * _form.Bytes;
            _writer.Code(_shape.IsPaired
                ? $"@{_isSlot} st.global.b32 [{_to}+{offset}], {_packed[0]};"
                : $"@{_isSlot} st.global.v2.b32 [{_to}+{offset}], {Vector.Of(_packed)};");
        }
    }

    /// <summary>Stores sums of a slice as they lie: eight lanes have neighbouring columns.</summary>
    private void WriteSlices(int eight)
    {
        _slots.WriteOfSlots(_slots.Slots, _packed, _from, eight);
        for (var x = 0; x < 2; x++)
        {
            _writer.Code($"""
                setp.lt.u32 {_isSlot}, {_packed[x]}, {_schedule.Slots};
                mad.lo.u32 {_slot}, {_schedule.Slice}, {_schedule.Slots}, {_packed[x]};
                mad.wide.u32 {_to}, {_slot}, {_shape.Columns * 4L}, {_output};
                """);
            for (var rows = 0; rows < _sums.Fragments; rows++)
            {
                for (var half = 0; half < 2; half++) _writer.Code($"@{_isSlot} st.global.f32 [{_to}+{ColumnOffset(rows, half) * 4L}], {_sums[rows, eight, (2 * half) + x]};");
            }
        }
    }

    /// <summary>Columns of the product from those of the thread's first row of weights to another's.</summary>
    private int ColumnOffset(int rows, int half) => (rows * 4 * ColumnsOfWarp) + (half * (_shape.IsPaired ? _shape.IntermediateSize : 2));

    private void WriteBiases(B32 expert)
    {
        if (!HasColumnOfLane) return;
        _writer.Comment("The column of the thread's first row of weights.");
        _writer.Code(_shape.IsPaired ? $"mov.u32 {_columnOfLane}, {_slots.SlotOfLane};" : $"""
            and.b32 {_columnOfLane}, {_slots.SlotOfLane}, 1;
            shr.u32 {_scratch.T0}, {_slots.SlotOfLane}, 1;
            mad.lo.u32 {_columnOfLane}, {_scratch.T0}, 4, {_columnOfLane};
            """);
        if (!_form.HasColumnNumbers) return;
        _writer.Code($"""
            mad.lo.u32 {_column}, {_schedule.BlockN}, {_shape.OutputColumns(_tile.BlockN)}, {_columnOfWarp};
            add.u32 {_column}, {_column}, {_columnOfLane};
            mad.lo.u32 {_column}, {expert}, {_shape.Columns}, {_column};
            """);
        _writer.LoadAddress(_biasesFrom, ExpertGemmParameter.Biases);
        _writer.Code($"""
            mul.wide.u32 {_scratch.Wide}, {_column}, 4;
            add.u64 {_biasesFrom}, {_biasesFrom}, {_scratch.Wide};
            """);
        if (_schedule.IsSplit) _writer.Code($"setp.eq.u32 {_isFirstSlice}, {_schedule.Slice}, 0;");
        for (var i = 0; i < _biases.Length; i++)
        {
            _writer.Code($"ld.global.nc.f32 {_biases[i]}, [{_biasesFrom}+{ColumnOffset(i / 2, i % 2) * 4L}];");
            if (_schedule.IsSplit) _writer.Code($"selp.f32 {_biases[i]}, {_biases[i]}, 0f00000000, {_isFirstSlice};");
        }
    }
}
