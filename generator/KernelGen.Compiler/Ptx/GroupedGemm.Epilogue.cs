namespace KernelGen.Compiler.Ptx;

/// <content>From sums to the output: activation or router weight, and the store of rows that are slots.</content>
public sealed partial class GroupedGemm
{
    private Activation? _activation;

    /// <summary>Whether the output is bf16; sums of slices stay fp32 until the second phase has added them up, intermediate states until they become bytes.</summary>
    private bool StoresBFloat16 => _tile.SplitK == 1 && !(IsGateUp && _shape.QuantizedInputs);

    /// <summary>Whether the output is intermediate states and not sums.</summary>
    private bool StoresActivated => IsGateUp && _tile.SplitK == 1;

    /// <summary>Whether the stored sums are multiplied by the router weights.</summary>
    private bool WeightsOutput => !IsGateUp && !_shape.RouterWeightOnInput;

    /// <summary>Fragments whose sums a thread stores at once: as many as 16 bytes of bf16 hold, where the warp's tile has them.</summary>
    private int StoredTiles => (OutputColumns(_tile.WarpN) / 8) switch { var tiles when tiles % 4 == 0 => 4, var tiles when tiles % 2 == 0 => 2, _ => 1 };

    /// <summary>Columns of the output that columns of the product yield, if gate and up projection are counted once.</summary>
    private int OutputColumns(int columns) => IsPaired ? columns / 2 : columns;

    private void WriteEpilogue()
    {
        _writer.Declare("b32", "slot", "column");
        _writer.Declare("b32", [.. Enumerable.Range(0, 4).Select(i => $"packed{i}")]);
        _writer.Declare("b64", "output", "to", "columnOffset");
        if (WeightsOutput) _writer.Declare("f32", "routerWeight");
        if (StoresActivated) _activation = new(_writer, _shape);
        _writer.Declare("f32", [.. Enumerable.Range(0, 8).Select(i => $"value{i}")]);
        _writer.Comment("Rows and columns of the thread's sums.");
        _writer.Code($"""
            and.b32 %column, %lane, 3;
            mul.lo.u32 %column, %column, {2 * StoredTiles};
            mad.lo.u32 %column, %blockN, {OutputColumns(_tile.BlockN)}, %column;
            mad.lo.u32 %column, %warpN, {OutputColumns(_tile.WarpN)}, %column;
            mul.wide.u32 %columnOffset, %column, {OutputBytes};
            ld.param.u64 %output, [output];
            cvta.to.global.u64 %output, %output;
            add.u64 %output, %output, %columnOffset;
            """);
        if (MultipliesBytes) WriteScaledRows();

        WriteWholeSums();
        if (RoundsIntermediate)
        {
            WriteRoundedRows();
            return;
        }

        for (var m = 0; m < FragmentsM; m++)
        {
            for (var half = 0; half < 2; half++) WriteRow(m, half);
        }
    }

    private int OutputBytes => RoundsIntermediate ? 1 : StoresBFloat16 ? 2 : 4;

    private void WriteRow(int m, int half)
    {
        _writer.Code($"""
            mov.u32 %slot, %slot{half};
            setp.ge.u32 %outside, %slot, %slots;
            @%outside bra STORED{m}_{half};
            """);
        if (WeightsOutput) _writer.Code($"mov.f32 %routerWeight, %routerWeight{half};");
        if (_tile.SplitK > 1) _writer.Code("mad.lo.u32 %slot, %slice, %slots, %slot;");
        var rowElements = StoresActivated ? _shape.IntermediateSize : _shape.Columns;
        _writer.Code($"mad.wide.u32 %to, %slot, {(long)rowElements * OutputBytes}, %output;");
        var tiles = OutputColumns(_tile.WarpN) / 8;
        for (var first = 0; first < tiles; first += StoredTiles)
        {
            var offset = first * 8L * OutputBytes;
            if (IsPaired && !StoresActivated)
            {
                for (var up = 0; up < 2; up++)
                {
                    WriteValues(first, (tile, x) => _writer.Code($"mov.f32 %value{(2 * (tile - first)) + x}, %{Sum(m, FragmentOf(tile, up), (2 * half) + x)};"));
                    WriteStore(offset + (up * _shape.IntermediateSize * 4L));
                }
            }
            else
            {
                WriteValues(first, (tile, x) => WriteResult(m, tile, (2 * half) + x, $"%value{(2 * (tile - first)) + x}"));
                WriteStore(offset);
            }
        }

        _writer.Label($"STORED{m}_{half}");
    }

    /// <summary>Which fragment has the gate (0) or up (1) sums of eight columns: they are the first and the second half.</summary>
    private int FragmentOf(int tile, int up) => tile + (up * FragmentsN / 2);

    private void WriteValues(int first, Action<int, int> write)
    {
        for (var tile = first; tile < first + StoredTiles; tile++)
        {
            for (var x = 0; x < 2; x++) write(tile, x);
        }
    }

    private void WriteResult(int m, int tile, int element, string result)
    {
        var sum = $"%{Sum(m, IsPaired ? FragmentOf(tile, 0) : tile, element)}";
        if (StoresActivated) _activation!.Write(new(sum.Substring(1)), IsPaired ? new F32(Sum(m, FragmentOf(tile, 1), element)) : null, new(result.Substring(1)));
        else if (WeightsOutput) _writer.Code($"mul.rn.f32 {result}, {sum}, %routerWeight;");
        else _writer.Code($"mov.f32 {result}, {sum};");
    }

    /// <summary>Stores the values of <see cref="StoredTiles"/> fragments, which are neighbours.</summary>
    private void WriteStore(long offset)
    {
        var count = 2 * StoredTiles;
        if (StoresBFloat16)
        {
            for (var i = 0; i < StoredTiles; i++) _writer.Code($"cvt.rn.bf16x2.f32 %packed{i}, %value{(2 * i) + 1}, %value{2 * i};");
            WriteVector("b32", "packed", 0, StoredTiles, offset);
        }
        else
        {
            for (var start = 0; start < count; start += 4) WriteVector("f32", "value", start, Math.Min(count - start, 4), offset + (start * 4));
        }
    }

    private void WriteVector(string type, string register, int start, int count, long offset)
    {
        var registers = string.Join(", ", Enumerable.Range(start, count).Select(i => $"%{register}{i}"));
        _writer.Code(count == 1
            ? $"st.global.{type} [%to+{offset}], {registers};"
            : $"st.global.v{count}.{type} [%to+{offset}], {OpenBrace}{registers}{CloseBrace};");
    }
}
