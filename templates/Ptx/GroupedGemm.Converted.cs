namespace KernelGen.Compiler.Ptx;

/// <content>
/// The main loop for weights that become bfloat16 within registers, with <c>mma.sync</c>. A stage is cut into units of 32 elements of the
/// reduction, of which a lane multiplies the eight neighbours 8·(lane mod 4) …: both operands name the elements of a step in that
/// order, which a sum does not see, so that a lane's weights are one load.
/// </content>
public sealed partial class GroupedGemm
{
    private const int UnitElements = 32;

    private int Units => _tile.BlockK / UnitElements;

    /// <summary>Units of a stage that a warp multiplies.</summary>
    private int UnitsOfWarp => _tile.SlicedK ? Units / _tile.WarpsN : Units;

    /// <summary>Fragments of columns that a warp multiplies; what it stores are <see cref="FragmentsN"/>.</summary>
    private int MultipliedFragments => _tile.SlicedK ? _tile.BlockN / 8 : FragmentsN;

    /// <summary>Sums of fp16 weights take two products: that of the rounded weight and that of the rest.</summary>
    private bool HasRests => _shape.WeightType == DType.Float16;

    private bool CollectsNaN => _shape.WeightType == DType.Float8E4M3;

    private WeightConversion Conversion => new(_writer, _shape.WeightType);

    private void WriteConvertedLoop()
    {
        var conversion = Conversion;
        conversion.WriteSetup();
        WriteConvertedAddresses();
        for (var m = 0; m < FragmentsM; m++) _writer.Declare("b32", [.. Enumerable.Range(0, 8).Select(x => $"a{m}_{x}")]);
        for (var n = 0; n < MultipliedFragments; n++)
        {
            _writer.Declare("b32", [.. Enumerable.Range(0, conversion.Words).Select(x => $"word{n}_{x}")]);
            if (CollectsNaN)
            {
                _writer.Declare("b32", $"nan{n}");
                _writer.Code($"mov.b32 %nan{n}, 0;");
            }
        }

        if (CollectsNaN) _writer.Declare("b32", "seven");
        _writer.Declare("b32", "b0", "b1");
        if (HasRests) _writer.Declare("b32", "rest_0", "rest_1");
        DeclareScales();
        WriteFirstCopies(_tile.Stages - 1);
        WriteTurnOfStages(_tile.Stages - 1);
        _writer.Code("""
            add.u32 %atA, %laneA, %stageOut;
            add.u32 %atB, %laneB, %stageOut;
            """);
        for (var unit = 0; unit < UnitsOfWarp; unit++) WriteUnit(conversion, unit);
        WriteEndOfTurn();
        if (CollectsNaN) WriteNaN();
        if (_tile.SlicedK) WriteExchange();
    }

    /// <summary>Where the lane's elements of a stage start.</summary>
    private void WriteConvertedAddresses()
    {
        _writer.Declare("b32", "laneA", "laneB", "atA", "atB");
        _writer.Comment("Elements that the lane reads.");
        _writer.Code($"""
            shl.b32 %t0, %lane, 4;
            {(_tile.SlicedK ? $"mad.lo.u32 %t0, %warpN, {UnitsOfWarp * UnitBytesA}, %t0;" : $"mad.lo.u32 %t0, %warpM, {_tile.WarpM * UnitPitchA}, %t0;")}
            add.u32 %laneA, %shared, %t0;
            mul.lo.u32 %t0, %lane, {UnitPitchB / 4};
            mad.lo.u32 %t0, %warpN, {(_tile.SlicedK ? UnitsOfWarp * UnitBytesB : _tile.WarpN * UnitPitchB)}, %t0;
            add.u32 %laneB, %shared, %t0;
            """);
    }

    private void WriteUnit(WeightConversion conversion, int unit)
    {
        for (var m = 0; m < FragmentsM; m++)
        {
            for (var half = 0; half < 2; half++)
            {
                var registers = string.Join(", ", Enumerable.Range(4 * half, 4).Select(x => $"%a{m}_{x}"));
                _writer.Code($"ld.shared.v4.b32 {OpenBrace}{registers}{CloseBrace}, [%atA+{(unit * UnitBytesA) + (((m * 16) + (half * 8)) * UnitPitchA)}];");
            }
        }

        var startsGroup = HasGroups && unit * UnitElements % ScaledElements == 0;
        if (startsGroup) WriteGroupStart(conversion, unit * UnitElements / ScaledElements);
        for (var n = 0; n < MultipliedFragments; n++) WriteFragment(conversion, unit, n, startsGroup);
        if (HasGroups && (unit + 1) * UnitElements % ScaledElements == 0) WriteGroupEnd(unit * UnitElements / ScaledElements);
    }

    private void WriteFragment(WeightConversion conversion, int unit, int n, bool startsGroup)
    {
        string[] words = [.. Enumerable.Range(0, conversion.Words).Select(x => $"%word{n}_{x}")];
        var to = words.Length == 1 ? words[0] : $"{OpenBrace}{string.Join(", ", words)}{CloseBrace}";
        var vector = words.Length == 1 ? "" : $".v{words.Length}";
        _writer.Code($"ld.shared{vector}.b32 {to}, [%atB+{ConvertedActivationBytes + (unit * UnitBytesB) + (n * 8 * UnitPitchB)}];");
        if (CollectsNaN)
        {
            // All seven bits below the sign: the only NaN there is.
            _writer.Code($"""
                and.b32 %converted, {words[0]}, 0x7f7f7f7f;
                mad.lo.u32 %converted, %converted, 1, 0x01010101;
                and.b32 %seven, {words[1]}, 0x7f7f7f7f;
                mad.lo.u32 %seven, %seven, 1, 0x01010101;
                lop3.b32 %nan{n}, %nan{n}, %converted, %seven, 0xfe;
                """);
        }

        for (var step = 0; step < 2; step++)
        {
            for (var pair = 0; pair < 2; pair++) conversion.WritePair(words, step, pair, $"%b{pair}", HasRests ? $"%rest_{pair}" : null, MinusZero(n));
            for (var m = 0; m < FragmentsM; m++)
            {
                WriteProduct(m, n, step, "%b0, %b1", startsGroup && step == 0);
                if (HasRests) WriteProduct(m, n, step, "%rest_0, %rest_1", isFirst: false);
            }
        }
    }

    private void WriteProduct(int m, int n, int step, string weights, bool isFirst)
    {
        string[] sums = [.. Enumerable.Range(0, 4).Select(x => $"%{(HasGroups ? GroupSum(m, n, x) : Sum(m, n, x))}")];
        var to = string.Join(", ", sums);
        var before = HasGroups && isFirst ? "%nothing, %nothing, %nothing, %nothing" : to;
        string Rows(int x) => $"%a{m}_{(2 * step) + x}, %a{m}_{4 + (2 * step) + x}";
        _writer.Code($"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {OpenBrace}{to}{CloseBrace}, {OpenBrace}{Rows(0)}, {Rows(1)}{CloseBrace}, {OpenBrace}{weights}{CloseBrace}, {OpenBrace}{before}{CloseBrace};");
    }

    /// <summary>A column with a NaN among its weights is NaN. The lane has seen weights of column lane ÷ 4 of each fragment and has sums of columns 2·(lane mod 4) and the next.</summary>
    private void WriteNaN()
    {
        _writer.Declare("pred", "isNaN");
        _writer.Comment("NaN among the weights.");
        _writer.Code("""
            and.b32 %t2, %lane, 3;
            shl.b32 %t2, %t2, 3;
            """);
        for (var n = 0; n < MultipliedFragments; n++)
        {
            foreach (var distance in new[] { 1, 2 })
            {
                _writer.Code($"""
                    shfl.sync.bfly.b32 %t0, %nan{n}, {distance}, 0x1f, 0xffffffff;
                    or.b32 %nan{n}, %nan{n}, %t0;
                    """);
            }

            _writer.Code($"and.b32 %nan{n}, %nan{n}, 0x80808080;");
            for (var x = 0; x < 2; x++)
            {
                _writer.Code($"""
                    add.u32 %t1, %t2, {4 * x};
                    shfl.sync.idx.b32 %t0, %nan{n}, %t1, 0x1f, 0xffffffff;
                    setp.ne.b32 %isNaN, %t0, 0;
                    """);
                for (var m = 0; m < FragmentsM; m++)
                {
                    foreach (var element in new[] { x, x + 2 }) _writer.Code($"@%isNaN mov.f32 %{Sum(m, n, element)}, 0f7fc00000;");
                }
            }
        }
    }

    /// <summary>Adds up the sums of warps that have shared the elements; each keeps the columns that it stores.</summary>
    private void WriteExchange()
    {
        const int FragmentBytes = 32 * 4 * 4;
        var fragments = FragmentsM * MultipliedFragments;
        _writer.Declare("b32", "exchange");
        _writer.Declare("f32", [.. Enumerable.Range(0, 4).Select(x => $"other{x}")]);
        _writer.Comment("Sums of all warps.");
        _writer.Code($"""
            bar.sync 0;
            shl.b32 %t0, %lane, 4;
            add.u32 %t0, %t0, %shared;
            mad.lo.u32 %exchange, %warpN, {fragments * FragmentBytes}, %t0;
            """);
        for (var m = 0; m < FragmentsM; m++)
        {
            for (var n = 0; n < MultipliedFragments; n++)
                _writer.Code($"st.shared.v4.f32 [%exchange+{((m * MultipliedFragments) + n) * FragmentBytes}], {OpenBrace}{Fragment(m, n)}{CloseBrace};");
        }

        _writer.Code($"""
            bar.sync 0;
            mad.lo.u32 %exchange, %warpN, {FragmentsN * FragmentBytes}, %t0;
            """);
        for (var m = 0; m < FragmentsM; m++)
        {
            for (var n = 0; n < FragmentsN; n++)
            {
                for (var warp = 0; warp < _tile.WarpsN; warp++)
                {
                    var from = ((warp * fragments) + (m * MultipliedFragments) + n) * FragmentBytes;
                    _writer.Code($"ld.shared.v4.f32 {OpenBrace}{(warp == 0 ? Fragment(m, n) : "%other0, %other1, %other2, %other3")}{CloseBrace}, [%exchange+{from}];");
                    for (var x = 0; x < 4 && warp > 0; x++) _writer.Code($"add.rn.f32 %{Sum(m, n, x)}, %{Sum(m, n, x)}, %other{x};");
                }
            }
        }

        string Fragment(int m, int n) => string.Join(", ", Enumerable.Range(0, 4).Select(x => $"%{Sum(m, n, x)}"));
    }
}
