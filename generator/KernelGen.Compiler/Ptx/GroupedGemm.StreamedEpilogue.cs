namespace KernelGen.Compiler.Ptx;

/// <content>
/// The end of a tile that was streamed: warps add up their sums in shared memory, [warps, slots, columns], from which a thread takes four
/// neighbouring columns of a slot.
/// </content>
public sealed partial class GroupedGemm
{
    private const int StoredColumns = 4;

    /// <summary>Floats of a slot's row. The four that pad keep the rows of a warp's stores in different banks.</summary>
    private int ExchangePitch => _tile.BlockN + 4;

    private int ExchangeBytes => _tile.WarpsN * _tile.BlockM * ExchangePitch * 4;

    /// <summary>Threads' worth of results of a tile.</summary>
    private int ResultsOfTile => _tile.BlockM * OutputColumns(_tile.BlockN) / StoredColumns;

    private void WriteExchange()
    {
        _writer.Declare("b32", "exchange");
        _writer.Comment("The sums of all warps.");
        _writer.Code($"""
            bar.sync 0;
            mov.u32 %exchange, stageMemory;
            and.b32 %t0, %lane, 3;
            mul.lo.u32 %t0, %t0, {2 * ExchangePitch};
            mad.lo.u32 %t0, %warpN, {_tile.BlockM * ExchangePitch}, %t0;
            add.u32 %t0, %t0, %row;
            mad.lo.u32 %exchange, %t0, 4, %exchange;
            """);
        for (var slots = 0; slots < SlotFragments; slots++)
        {
            for (var eight = 0; eight < Eights; eight++)
            {
                for (var x = 0; x < 2; x++)
                    _writer.Code($"st.shared.f32 [%exchange+{((((slots * 8) + x) * ExchangePitch) + ExchangeColumn(eight)) * 4}], %{Sum(slots, eight / 2, (2 * (eight % 2)) + x)};");
            }
        }

        _writer.Code("bar.sync 0;");
    }

    /// <summary>Gate columns come first, then those of up projections.</summary>
    private int ExchangeColumn(int eight) => PlaceOf(eight) is ("atUp", var row) ? row + (_tile.BlockN / 2) : PlaceOf(eight).Row;

    private void WriteStreamedEpilogue()
    {
        _writer.Declare("b32", "slot", "result", "from");
        _writer.Declare("b32", "packed0", "packed1");
        _writer.Declare("b64", "output", "to", "atColumn");
        _writer.Declare("f32", "routerWeight");
        foreach (var name in new[] { "gate", "up", "other", "value", "number" }) _writer.Declare("f32", [.. Enumerable.Range(0, StoredColumns).Select(i => $"{name}{i}")]);
        if (StoresActivated) Activation.Declare(_writer, _shape.Activation);
        _writer.Comment("Four columns of a slot.");
        _writer.Code($"""
            ld.param.u64 %output, [output];
            cvta.to.global.u64 %output, %output;
            mov.u32 %result, %thread;
            """);
        var columns = OutputColumns(_tile.BlockN) / StoredColumns;
        _writer.Label("RESULT");
        _writer.Code($"""
            setp.ge.u32 %outside, %result, {ResultsOfTile};
            @%outside bra STORED;
            div.u32 %t0, %result, {columns};
            rem.u32 %column, %result, {columns};
            mul.lo.u32 %column, %column, {StoredColumns};
            mov.u32 %from, stageMemory;
            mad.lo.u32 %t1, %t0, {ExchangePitch}, %column;
            mad.lo.u32 %from, %t1, 4, %from;
            mad.lo.u32 %column, %blockN, {OutputColumns(_tile.BlockN)}, %column;
            add.u32 %result, %result, {_tile.Threads};
            mul.wide.u32 %wide, %t0, 4;
            add.u64 %address, %sortedSlots, %wide;
            ld.global.u32 %slot, [%address];
            setp.ge.u32 %outside, %slot, %slots;
            @%outside bra RESULT;
            """);
        WriteSumOfWarps("gate", 0);
        if (IsPaired) WriteSumOfWarps("up", _tile.BlockN / 2);
        if (HasRowInputScales) WriteStreamedRowInputScale();
        if (WeightsInput || WeightsOutput)
        {
            _writer.Code("""
                ld.param.u64 %address, [routerWeights];
                cvta.to.global.u64 %address, %address;
                mul.wide.u32 %wide, %slot, 4;
                add.u64 %wide, %address, %wide;
                ld.global.f32 %routerWeight, [%wide];
                """);
        }

        if (!IsGateUp || _tile.SplitK == 1) WriteWhole();
        WriteResults();
        _writer.Code("bra RESULT;");
        _writer.Label("STORED");
    }

    private void WriteSumOfWarps(string name, int column)
    {
        for (var warp = 0; warp < _tile.WarpsN; warp++)
        {
            _writer.Code($"ld.shared.v4.f32 {Four(warp == 0 ? name : "other")}, [%from+{((warp * _tile.BlockM * ExchangePitch) + column) * 4}];");
            for (var i = 0; i < StoredColumns && warp > 0; i++) _writer.Code($"add.rn.f32 %{name}{i}, %{name}{i}, %other{i};");
        }
    }

    /// <summary>What belongs to whole sums, each once: the scale of a row of weights, the router weight on the input, the bias.</summary>
    private void WriteWhole()
    {
        if (_shape.Bias && _tile.SplitK > 1)
        {
            _writer.Declare("pred", "isFirstSlice");
            _writer.Code("setp.eq.u32 %isFirstSlice, %slice, 0;");
        }

        if (HasRowScales) WriteOfColumns("scales", (sum, number) => _writer.Code($"mul.rn.f32 {sum}, {sum}, {number};"));
        foreach (var name in IsPaired ? new[] { "gate", "up" } : ["gate"])
        {
            for (var i = 0; i < StoredColumns && WeightsInput; i++) _writer.Code($"mul.rn.f32 %{name}{i}, %{name}{i}, %routerWeight;");
        }

        if (!_shape.Bias) return;
        WriteOfColumns("biases", (sum, number) =>
        {
            if (_tile.SplitK > 1) _writer.Code($"selp.f32 {number}, {number}, 0f00000000, %isFirstSlice;");
            _writer.Code($"add.rn.f32 {sum}, {sum}, {number};");
        });
    }

    private void WriteOfColumns(string parameter, Action<string, string> apply)
    {
        _writer.Code($"""
            mad.lo.u32 %t0, %expert, {_shape.Columns}, %column;
            mul.wide.u32 %wide, %t0, 4;
            ld.param.u64 %atColumn, [{parameter}];
            cvta.to.global.u64 %atColumn, %atColumn;
            add.u64 %atColumn, %atColumn, %wide;
            """);
        foreach (var (name, offset) in IsPaired ? new[] { ("gate", 0), ("up", _shape.IntermediateSize) } : [("gate", 0)])
        {
            _writer.Code($"ld.global.nc.v4.f32 {Four("number")}, [%atColumn+{offset * 4}];");
            for (var i = 0; i < StoredColumns; i++) apply($"%{name}{i}", $"%number{i}");
        }
    }

    private void WriteResults()
    {
        var rowElements = StoresActivated ? _shape.IntermediateSize : _shape.Columns;
        if (_tile.SplitK > 1) _writer.Code("mad.lo.u32 %slot, %slice, %slots, %slot;");
        _writer.Code($"""
            mul.wide.u32 %wide, %column, {OutputBytes};
            mad.wide.u32 %to, %slot, {(long)rowElements * OutputBytes}, %output;
            add.u64 %to, %to, %wide;
            """);
        for (var i = 0; i < StoredColumns; i++)
        {
            if (StoresActivated) Activation.Write(_writer, _shape, $"%gate{i}", IsPaired ? $"%up{i}" : null, $"%value{i}");
            else if (WeightsOutput) _writer.Code($"mul.rn.f32 %value{i}, %gate{i}, %routerWeight;");
            else _writer.Code($"mov.f32 %value{i}, %gate{i};");
        }

        if (!StoresBFloat16)
        {
            _writer.Code($"st.global.v4.f32 [%to], {Four("value")};");
            if (IsPaired && !StoresActivated) _writer.Code($"st.global.v4.f32 [%to+{_shape.IntermediateSize * 4}], {Four("up")};");
            return;
        }

        for (var i = 0; i < 2; i++) _writer.Code($"cvt.rn.bf16x2.f32 %packed{i}, %value{(2 * i) + 1}, %value{2 * i};");
        _writer.Code($"st.global.v2.b32 [%to], {OpenBrace}%packed0, %packed1{CloseBrace};");
    }

    private static string Four(string name) => $"{OpenBrace}{string.Join(", ", Enumerable.Range(0, StoredColumns).Select(i => $"%{name}{i}"))}{CloseBrace}";
}
