namespace KernelGen.Compiler.Ptx;

/// <summary>
/// The end of a streamed tile: warps add up their accumulators in shared memory, [warps, slots, columns], from which a thread takes four
/// neighbouring columns of a slot.
/// </summary>
internal sealed class ExchangeEpilogue
{
    private const int StoredColumns = 4;

    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly StreamedLayout _layout;
    private readonly GemmOutput _form;
    private readonly PersistentSchedule _schedule;
    private readonly Scratch _scratch;
    private readonly B32 _exchange;
    private readonly B32 _slot;
    private readonly B32 _result;
    private readonly B32 _from;
    private readonly B32[] _packed;
    private readonly B64 _output;
    private readonly B64 _to;
    private readonly B64 _atColumn;
    private readonly F32 _routerWeight;
    private readonly F32[] _gate;
    private readonly F32[] _up;
    private readonly F32[] _other;
    private readonly F32[] _values;
    private readonly F32[] _numbers;
    private readonly F32 _inputScale;
    private readonly Pred _isFirstSlice;
    private readonly Activation? _activation;

    public ExchangeEpilogue(PtxWriter writer, StreamedLayout layout, PersistentSchedule schedule, Scratch scratch)
    {
        (_writer, _layout, _schedule, _scratch, _shape, _tile, _form) = (writer, layout, schedule, scratch, layout.Shape, layout.Tile, new(layout.Shape, layout.Tile));
        (_exchange, _slot, _result, _from, _packed) = (writer.B32("exchange"), writer.B32("slot"), writer.B32("result"), writer.B32("from"), writer.B32s("packed", 2));
        (_output, _to, _atColumn, _routerWeight) = (writer.B64("output"), writer.B64("to"), writer.B64("atColumn"), writer.F32("routerWeight"));
        (_gate, _up, _other) = (writer.F32s("gate", StoredColumns), writer.F32s("up", StoredColumns), writer.F32s("other", StoredColumns));
        (_values, _numbers) = (writer.F32s("value", StoredColumns), writer.F32s("number", StoredColumns));
        if (_form.HasRowInputScales) _inputScale = writer.F32("inputScale");
        if (_form.HasWholeSums && _shape.Bias && schedule.IsSplit) _isFirstSlice = writer.Pred("isFirstSlice");
        if (_form.StoresActivated) _activation = new(writer, _shape);
    }

    // Sums of gates and, in pairs, of up projections.
    private IEnumerable<F32[]> Sums => _shape.IsPaired ? [_gate, _up] : [_gate];

    /// <summary>Shared memory of a tile's sums in bytes.</summary>
    public static int SharedBytes(GroupedGemmTile tile) => tile.WarpsN * tile.BlockM * Pitch(tile) * 4;

    /// <summary>Stores the sums of all warps.</summary>
    public void WriteExchange(StreamedMma sums, B32 lane, B32 warp, B32 row)
    {
        var pitch = Pitch(_tile);
        _writer.Comment("The sums of all warps.");
        _writer.Code($"""
            bar.sync 0;
            mov.u32 {_exchange}, stageMemory;
            and.b32 {_scratch.T0}, {lane}, 3;
            mul.lo.u32 {_scratch.T0}, {_scratch.T0}, {2 * pitch};
            mad.lo.u32 {_scratch.T0}, {warp}, {_tile.BlockM * pitch}, {_scratch.T0};
            add.u32 {_scratch.T0}, {_scratch.T0}, {row};
            mad.lo.u32 {_exchange}, {_scratch.T0}, 4, {_exchange};
            """);
        for (var slots = 0; slots < _layout.SlotFragments; slots++)
        {
            for (var eight = 0; eight < _layout.Eights; eight++)
            {
                var column = _layout.PlaceOf(eight) is var (isUp, first) ? first + (isUp ? _tile.BlockN / 2 : 0) : 0;
                for (var x = 0; x < StreamedLayout.SlotsOfLane; x++) _writer.Code($"st.shared.f32 [{_exchange}+{((((slots * 8) + x) * pitch) + column) * 4}], {sums.Sum(slots, eight, x)};");
            }
        }

        _writer.Code("bar.sync 0;");
    }

    /// <summary>Adds up the warps' sums and stores the results.</summary>
    public void WriteResults(B32 thread, B32 column, B32 expert)
    {
        var columns = _shape.OutputColumns(_tile.BlockN) / StoredColumns;
        _writer.Comment("Four columns of a slot.");
        _writer.LoadAddress(_output, ExpertGemmParameter.Output);
        _writer.Code($"mov.u32 {_result}, {thread};");
        _writer.Label("RESULT");
        _writer.Code($"""
            setp.ge.u32 {_scratch.Outside}, {_result}, {_tile.BlockM * columns};
            @{_scratch.Outside} bra STORED;
            div.u32 {_scratch.T0}, {_result}, {columns};
            rem.u32 {column}, {_result}, {columns};
            mul.lo.u32 {column}, {column}, {StoredColumns};
            mov.u32 {_from}, stageMemory;
            mad.lo.u32 {_scratch.T1}, {_scratch.T0}, {Pitch(_tile)}, {column};
            mad.lo.u32 {_from}, {_scratch.T1}, 4, {_from};
            mad.lo.u32 {column}, {_schedule.BlockN}, {_shape.OutputColumns(_tile.BlockN)}, {column};
            add.u32 {_result}, {_result}, {_tile.Threads};
            mul.wide.u32 {_scratch.Wide}, {_scratch.T0}, 4;
            add.u64 {_scratch.Address}, {_schedule.SortedSlots}, {_scratch.Wide};
            ld.global.u32 {_slot}, [{_scratch.Address}];
            setp.ge.u32 {_scratch.Outside}, {_slot}, {_schedule.Slots};
            @{_scratch.Outside} bra RESULT;
            """);
        WriteSumOfWarps(_gate, 0);
        if (_shape.IsPaired) WriteSumOfWarps(_up, _tile.BlockN / 2);
        if (_form.HasRowInputScales) WriteRowInputScale();
        if (_form.WeightsInput || _form.WeightsOutput)
        {
            _writer.LoadAddress(_scratch.Address, ExpertGemmParameter.RouterWeights);
            _writer.Code($"""
                mul.wide.u32 {_scratch.Wide}, {_slot}, 4;
                add.u64 {_scratch.Wide}, {_scratch.Address}, {_scratch.Wide};
                ld.global.f32 {_routerWeight}, [{_scratch.Wide}];
                """);
        }

        if (_form.HasWholeSums) WriteWholeSums(expert, column);
        WriteStores(column);
        _writer.Code("bra RESULT;");
        _writer.Label("STORED");
    }

    // Floats of a slot's row. Four padding elements keep the rows of a warp's stores in different banks.
    private static int Pitch(GroupedGemmTile tile) => tile.BlockN + 4;

    private void WriteSumOfWarps(F32[] sums, int column)
    {
        for (var warp = 0; warp < _tile.WarpsN; warp++)
        {
            _writer.Code($"ld.shared.v4.f32 {Vector.Of(warp == 0 ? sums : _other)}, [{_from}+{((warp * _tile.BlockM * Pitch(_tile)) + column) * 4}];");
            for (var i = 0; i < StoredColumns && warp > 0; i++) _writer.Code($"add.rn.f32 {sums[i]}, {sums[i]}, {_other[i]};");
        }
    }

    // If each row of activations has a single scale.
    private void WriteRowInputScale()
    {
        _writer.Code($"""
            mov.u32 {_scratch.T0}, {_slot};
            {_shape.RowOfSlot(_scratch.T0)}
            mul.wide.u32 {_scratch.Wide}, {_scratch.T0}, 4;
            """);
        _writer.LoadAddress(_scratch.Address, ExpertGemmParameter.InputScales);
        _writer.Code($"""
            add.u64 {_scratch.Address}, {_scratch.Address}, {_scratch.Wide};
            ld.global.f32 {_inputScale}, [{_scratch.Address}];
            """);
        foreach (var sum in Sums.SelectMany(sums => sums)) _writer.Code($"mul.rn.f32 {sum}, {sum}, {_inputScale};");
    }

    // Applied to complete sums, each once: the scale of a row of weights, the router weight on the input, the bias.
    private void WriteWholeSums(B32 expert, B32 column)
    {
        if (_shape.Bias && _schedule.IsSplit) _writer.Code($"setp.eq.u32 {_isFirstSlice}, {_schedule.Slice}, 0;");
        if (_shape.HasRowScales) WriteOfColumns(ExpertGemmParameter.Scales, expert, column, (sum, number) => _writer.Code($"mul.rn.f32 {sum}, {sum}, {number};"));
        foreach (var sum in Sums.SelectMany(sums => _form.WeightsInput ? sums : [])) _writer.Code($"mul.rn.f32 {sum}, {sum}, {_routerWeight};");
        if (!_shape.Bias) return;
        WriteOfColumns(ExpertGemmParameter.Biases, expert, column, (sum, number) =>
        {
            if (_schedule.IsSplit) _writer.Code($"selp.f32 {number}, {number}, 0f00000000, {_isFirstSlice};");
            _writer.Code($"add.rn.f32 {sum}, {sum}, {number};");
        });
    }

    private void WriteOfColumns(ExpertGemmParameter parameter, B32 expert, B32 column, Action<F32, F32> apply)
    {
        _writer.Code($"""
            mad.lo.u32 {_scratch.T0}, {expert}, {_shape.Columns}, {column};
            mul.wide.u32 {_scratch.Wide}, {_scratch.T0}, 4;
            """);
        _writer.LoadAddress(_atColumn, parameter);
        _writer.Code($"add.u64 {_atColumn}, {_atColumn}, {_scratch.Wide};");
        foreach (var sums in Sums)
        {
            _writer.Code($"ld.global.nc.v4.f32 {Vector.Of(_numbers)}, [{_atColumn}+{(sums == _up ? _shape.IntermediateSize : 0) * 4}];");
            for (var i = 0; i < StoredColumns; i++) apply(sums[i], _numbers[i]);
        }
    }

    private void WriteStores(B32 column)
    {
        if (_schedule.IsSplit) _writer.Code($"mad.lo.u32 {_slot}, {_schedule.Slice}, {_schedule.Slots}, {_slot};");
        _writer.Code($"""
            mul.wide.u32 {_scratch.Wide}, {column}, {_form.Bytes};
            mad.wide.u32 {_to}, {_slot}, {(long)_form.RowElements * _form.Bytes}, {_output};
            add.u64 {_to}, {_to}, {_scratch.Wide};
            """);
        for (var i = 0; i < StoredColumns; i++)
        {
            if (_activation is not null) _activation.Write(_gate[i], _shape.IsPaired ? _up[i] : null, _values[i]);
            else if (_form.WeightsOutput) _writer.Code($"mul.rn.f32 {_values[i]}, {_gate[i]}, {_routerWeight};");
            else _writer.Code($"mov.f32 {_values[i]}, {_gate[i]};");
        }

        if (!_form.StoresBFloat16)
        {
            _writer.Code($"st.global.v4.f32 [{_to}], {Vector.Of(_values)};");
            if (_shape.IsPaired && !_form.StoresActivated) _writer.Code($"st.global.v4.f32 [{_to}+{_shape.IntermediateSize * 4}], {Vector.Of(_up)};");
            return;
        }

        for (var i = 0; i < 2; i++) _writer.Code($"cvt.rn.bf16x2.f32 {_packed[i]}, {_values[(2 * i) + 1]}, {_values[2 * i]};");
        _writer.Code($"st.global.v2.b32 [{_to}], {Vector.Of(_packed)};");
    }
}
