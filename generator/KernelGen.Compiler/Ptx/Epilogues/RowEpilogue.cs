namespace KernelGen.Compiler.Ptx;

/// <summary>From accumulators to the output: activation or router weight, and the stores of rows that are slots.</summary>
internal sealed class RowEpilogue
{
    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly FragmentLayout _layout;
    private readonly TileSchedule _schedule;
    private readonly GemmOutput _form;
    private readonly LoadedRows _rows;
    private readonly WholeSums _wholeSums;
    private readonly B32 _column;
    private readonly B32[] _packed;
    private readonly B64 _output;
    private readonly B64 _to;
    private readonly B64 _columnOffset;
    private readonly F32[] _values;
    private readonly Activation? _activation;

    public RowEpilogue(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, FragmentLayout layout, TileSchedule schedule)
    {
        (_writer, _shape, _tile, _scratch, _layout, _schedule, _form) = (writer, shape, tile, scratch, layout, schedule, new(shape, tile));
        (_rows, _wholeSums) = (new(writer, shape, tile, scratch, layout, schedule, _form), new(writer, shape, scratch, layout, schedule, _form));
        (_column, _packed, _values) = (writer.B32("column"), writer.B32s("packed", 4), writer.F32s("value", 8));
        (_output, _to, _columnOffset) = (writer.B64("output"), writer.B64("to"), writer.B64("columnOffset"));
        if (_form.StoresActivated) _activation = new(writer, shape);
    }

    private int Neighbours => 2 * _layout.StoredTiles;

    /// <summary>Completes the sums and stores the results.</summary>
    public void Write(FragmentSums sums, Warps warps, B32 expert)
    {
        _writer.Comment("Rows and columns of the thread's sums.");
        _writer.Code($"""
            and.b32 {_column}, {warps.Lane}, 3;
            mul.lo.u32 {_column}, {_column}, {Neighbours};
            mad.lo.u32 {_column}, {_schedule.BlockN}, {_shape.OutputColumns(_tile.BlockN)}, {_column};
            mad.lo.u32 {_column}, {warps.N}, {_shape.OutputColumns(_tile.WarpN)}, {_column};
            mul.wide.u32 {_columnOffset}, {_column}, {_form.Bytes};
            """);
        _writer.LoadAddress(_output, ExpertGemmParameter.Output);
        _writer.Code($"add.u64 {_output}, {_output}, {_columnOffset};");
        _rows.WriteSetup(warps);
        _rows.WriteInputScales(sums);
        _wholeSums.Write(sums, _rows, expert, _column);
        _rows.WriteRouterWeights();
        foreach (var (m, half) in _layout.Rows()) WriteRow(sums, m, half);
    }

    private void WriteRow(FragmentSums sums, int m, int half)
    {
        var end = $"STORED{m}_{half}";
        _rows.WriteRow(m, half, end);
        if (_schedule.IsSplit) _writer.Code($"mad.lo.u32 {_rows.Slot}, {_schedule.Slice}, {_schedule.Slots}, {_rows.Slot};");
        _writer.Code($"mad.wide.u32 {_to}, {_rows.Slot}, {(long)_form.RowElements * _form.Bytes}, {_output};");
        for (var first = 0; first < _shape.OutputColumns(_tile.WarpN) / 8; first += _layout.StoredTiles)
        {
            var offset = first * 8L * _form.Bytes;
            if (_shape.IsPaired && !_form.StoresActivated)
            {
                // Bare sums: gates, then up projections.
                for (var up = 0; up < 2; up++)
                {
                    WriteValues(first, (eight, x, value) => _writer.Code($"mov.f32 {value}, {sums[m, _layout.FragmentOf(eight, up), (2 * half) + x]};"));
                    WriteStore(offset + (up * _shape.IntermediateSize * 4L));
                }
            }
            else
            {
                WriteValues(first, (eight, x, value) => WriteResult(sums, m, eight, (2 * half) + x, value));
                WriteStore(offset);
            }
        }

        _writer.Label(end);
    }

    private void WriteValues(int first, Action<int, int, F32> write)
    {
        for (var i = 0; i < Neighbours; i++) write(first + (i / 2), i % 2, _values[i]);
    }

    private void WriteResult(FragmentSums sums, int m, int eight, int element, F32 result)
    {
        var sum = sums[m, _shape.IsPaired ? _layout.FragmentOf(eight, 0) : eight, element];
        if (_activation is not null) _activation.Write(sum, _shape.IsPaired ? sums[m, _layout.FragmentOf(eight, 1), element] : null, result);
        else if (_form.WeightsOutput) _writer.Code($"mul.rn.f32 {result}, {sum}, {_rows.RouterWeight};");
        else _writer.Code($"mov.f32 {result}, {sum};");
    }

    /// <summary>Stores the values of fragments that are neighbours.</summary>
    private void WriteStore(long offset)
    {
        if (!_form.StoresBFloat16)
        {
            for (var start = 0; start < Neighbours; start += 4) WriteVector("f32", [.. _values.Skip(start).Take(Math.Min(Neighbours - start, 4))], offset + (start * 4));
            return;
        }

        for (var i = 0; i < _layout.StoredTiles; i++) _writer.Code($"cvt.rn.bf16x2.f32 {_packed[i]}, {_values[(2 * i) + 1]}, {_values[2 * i]};");
        WriteVector("b32", [.. _packed.Take(_layout.StoredTiles)], offset);
    }

    private void WriteVector<T>(string type, T[] registers, long offset) =>
        _writer.Code($"st.global{Vector.Width(registers.Length)}.{type} [{_to}+{offset}], {Vector.Operand(registers)};");
}
