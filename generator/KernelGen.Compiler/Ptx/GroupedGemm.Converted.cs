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

    /// <summary>Sums of fp16 weights take two products: that of the rounded weight and that of the rest.</summary>
    private bool HasRests => _shape.WeightType == DType.Float16;

    private bool CollectsNaN => _shape.WeightType == DType.Float8E4M3;

    private WeightConversion? _conversion;

    private WeightConversion Conversion => _conversion ??= new(_writer, _shape.WeightType, _shape.ZeroPoints);

    private void WriteConvertedLoop()
    {
        var conversion = Conversion;
        conversion.WriteSetup();
        WriteConvertedAddresses();
        for (var m = 0; m < FragmentsM; m++) _writer.Declare("b32", [.. Enumerable.Range(0, 8).Select(x => $"a{m}_{x}")]);
        for (var n = 0; n < FragmentsN; n++)
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
        for (var unit = 0; unit < Units; unit++) WriteUnit(conversion, unit);
        WriteEndOfTurn();
        if (CollectsNaN) WriteNaN();
    }

    /// <summary>Where the lane's elements of a stage start.</summary>
    private void WriteConvertedAddresses()
    {
        _writer.Declare("b32", "laneA", "laneB", "atA", "atB");
        _writer.Comment("Elements that the lane reads.");
        _writer.Code($"""
            shl.b32 %t0, %lane, 4;
            mad.lo.u32 %t0, %warpM, {_tile.WarpM * UnitPitchA}, %t0;
            add.u32 %laneA, %shared, %t0;
            mul.lo.u32 %t0, %lane, {UnitPitchB / 4};
            mad.lo.u32 %t0, %warpN, {_tile.WarpN * UnitPitchB}, %t0;
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
        for (var n = 0; n < FragmentsN; n++) WriteFragment(conversion, unit, n, startsGroup);
        if (HasGroups && (unit + 1) * UnitElements % ScaledElements == 0) WriteGroupEnd(unit * UnitElements / ScaledElements);
    }

    private void WriteFragment(WeightConversion conversion, int unit, int n, bool startsGroup)
    {
        B32[] registers = [.. Enumerable.Range(0, conversion.Words).Select(x => new B32($"word{n}_{x}"))];
        string[] words = [.. registers.Select(word => word.ToString())];
        var to = words.Length == 1 ? words[0] : $"{OpenBrace}{string.Join(", ", words)}{CloseBrace}";
        var vector = words.Length == 1 ? "" : $".v{words.Length}";
        _writer.Code($"ld.shared{vector}.b32 {to}, [%atB+{ConvertedActivationBytes + (unit * UnitBytesB) + (n * 8 * UnitPitchB)}];");
        if (CollectsNaN) WriteNaNOf(words, $"%nan{n}");
        for (var step = 0; step < 2; step++)
        {
            for (var pair = 0; pair < 2; pair++) conversion.WritePair(registers, step, pair, new($"b{pair}"), HasRests ? new B32($"rest_{pair}") : null, conversion.MinusZero(() => new($"zero{n}")));
            for (var m = 0; m < FragmentsM; m++)
            {
                WriteProduct(m, n, step, "%b0, %b1", startsGroup && step == 0);
                if (HasRests) WriteProduct(m, n, step, "%rest_0, %rest_1", isFirst: false);
            }
        }
    }

    /// <summary>Collects which of eight weights are NaN, in the bytes' highest bits.</summary>
    private void WriteNaNOf(string[] words, string collected)
    {
        WriteSevens(words);
        _writer.Code($"lop3.b32 {collected}, {collected}, %converted, %seven, 0xfe;");
    }

    /// <summary>Makes NaN of a pair of bfloat16 if it is among the eight numbers. One makes the same of a sum as another.</summary>
    private void WriteNaNAmong(string[] words, string pair)
    {
        WriteSevens(words);
        _writer.Code($"""
            lop3.b32 %seven, %seven, %converted, 0x80808080, 0xa8;
            setp.ne.b32 %isNaN, %seven, 0;
            @%isNaN mov.b32 %{pair}, 0x7fff7fff;
            """);
    }

    /// <summary>Sets the highest bit of each of eight bytes whose seven bits below the sign are all set: the only NaN there is.</summary>
    private void WriteSevens(string[] words) => _writer.Code($"""
        and.b32 %converted, {words[0]}, 0x7f7f7f7f;
        mad.lo.u32 %converted, %converted, 1, 0x01010101;
        and.b32 %seven, {words[1]}, 0x7f7f7f7f;
        mad.lo.u32 %seven, %seven, 1, 0x01010101;
        """);

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
        for (var n = 0; n < FragmentsN; n++)
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
}
