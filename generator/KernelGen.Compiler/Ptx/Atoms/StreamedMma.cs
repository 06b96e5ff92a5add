namespace KernelGen.Compiler.Ptx;

/// <summary>
/// <c>mma.sync</c> with weights on the left and eight slots on the right, so that what a lane loads at once is an operand: two pairs of neighbours of a slot. Accumulators have
/// single precision; those of a group are kept separate until its end.
/// </summary>
internal sealed class StreamedMma
{
    private readonly PtxWriter _writer;
    private readonly StreamedLayout _layout;
    private readonly WeightConversion _conversion;
    private readonly NaNWeights? _nan;
    private readonly StreamedScales? _scales;
    private readonly StreamedInputScales? _inputScales;
    private readonly Scratch _scratch;
    private readonly B32[] _left;
    private readonly B32[] _rests = [];
    private readonly B32[] _collected = [];
    private readonly Dictionary<(int Slots, int Columns, int Element), F32> _sums;
    private readonly Dictionary<(int Slots, int Columns, int Element), F32> _groupSums = [];
    private readonly F32 _nothing;
    private readonly F32 _bothScales;

    public StreamedMma(PtxWriter writer, StreamedLayout layout, Scratch scratch, WeightConversion conversion, NaNWeights? nan, StreamedScales? scales, StreamedInputScales? inputScales)
    {
        (_writer, _layout, _scratch, _conversion, _nan, _scales, _inputScales) = (writer, layout, scratch, conversion, nan, scales, inputScales);
        _left = writer.B32s("b", 8);
        if (layout.Shape.HasRests) _rests = writer.B32s("rest_", 8);
        if (nan is not null) _collected = writer.B32s("nan", layout.Eights);
        _sums = Places().ToDictionary(place => place, place => writer.F32(Name(place)));
        if (scales is null) return;
        _nothing = writer.F32("nothing");
        _groupSums = Places().ToDictionary(place => place, place => writer.F32($"group_{Name(place)}"));
        if (inputScales is not null) _bothScales = writer.F32("bothScales");

        static string Name((int Slots, int Columns, int Element) place) => $"sum{place.Slots}_{place.Columns}_{place.Element}";
    }

    /// <summary>A lane's sum of a slot, one of two neighbours, and one of eight columns: of the fragment of 16, elements 0 and 1 are column lane ÷ 4, 2 and 3 that eight further on.</summary>
    public F32 Sum(int slots, int eight, int x) => _sums[(slots, eight / 2, (2 * (eight % 2)) + x)];

    /// <summary>Sets the registers that do not change.</summary>
    public void WriteSetup()
    {
        _conversion.WriteZeroSetup();
        if (_scales is not null) _writer.Code($"mov.f32 {_nothing}, 0f00000000;");
    }

    /// <summary>Clears the accumulators.</summary>
    public void WriteStart()
    {
        _writer.Comment("The sums.");
        foreach (var place in Places()) _writer.Code($"mov.f32 {_sums[place]}, 0f00000000;");
        foreach (var collected in _collected) _writer.Code($"mov.b32 {collected}, 0;");
    }

    /// <summary>Converts a lane's eight weights of two rows and multiplies them.</summary>
    /// <param name="words">The weights of eight columns.</param>
    /// <param name="columns">Which 16 columns.</param>
    /// <param name="right">The slots' elements.</param>
    /// <param name="startsGroup">Whether sums of a group begin.</param>
    public void WriteFragment(Func<int, B32[]> words, int columns, B32[][] right, bool startsGroup)
    {
        for (var half = 0; half < 2; half++)
        {
            var eight = (2 * columns) + half;
            _nan?.WriteCollection(words(eight), _collected[eight]);
            var rests = _layout.Shape.HasRests ? Enumerable.Range(0, 4).Select(x => _rests[(2 * x) + half]).ToArray() : null;
            _conversion.WriteEight(words(eight), [.. Enumerable.Range(0, 4).Select(x => _left[(2 * x) + half])], rests, _conversion.MinusZero(() => _scales!.Zero(eight)));
        }

        for (var step = 0; step < 2; step++)
        {
            for (var slots = 0; slots < _layout.SlotFragments; slots++)
            {
                B32[] operand = [right[slots][2 * step], right[slots][(2 * step) + 1]];
                WriteProduct(slots, columns, _left.Skip(4 * step).Take(4), operand, startsGroup && step == 0);
                if (_layout.Shape.HasRests) WriteProduct(slots, columns, _rests.Skip(4 * step).Take(4), operand, isFirst: false);
            }
        }
    }

    /// <summary>Adds the sums of a group, times its scales.</summary>
    public void WriteGroupEnd(int group)
    {
        foreach (var place in Places())
        {
            var scale = _scales!.Scale(group, (2 * place.Columns) + (place.Element / 2));
            if (_inputScales is not null)
            {
                _writer.Code($"mul.rn.f32 {_bothScales}, {scale}, {_inputScales.Scale(group, place.Slots, place.Element % 2)};");
                scale = _bothScales;
            }

            _writer.Code($"fma.rn.f32 {_sums[place]}, {_groupSums[place]}, {scale}, {_sums[place]};");
        }
    }

    /// <summary>A column with a NaN among its weights is NaN. The four lanes that have the column's weights have its sums.</summary>
    public void WriteNaN()
    {
        if (_nan is null) return;
        _writer.Comment("NaN among the weights.");
        for (var eight = 0; eight < _layout.Eights; eight++)
        {
            _nan.WriteOfRow(_collected[eight], _scratch.T0);
            _writer.Code($"setp.ne.b32 {_nan.IsNaN}, {_collected[eight]}, 0;");
            foreach (var (slots, x) in _layout.Slots()) _nan.WriteSum(Sum(slots, eight, x));
        }
    }

    private void WriteProduct(int slots, int columns, IEnumerable<B32> left, B32[] right, bool isFirst)
    {
        var sums = _scales is null ? _sums : _groupSums;
        F32[] to = [.. Enumerable.Range(0, 4).Select(x => sums[(slots, columns, x)])];
        F32[] before = _scales is not null && isFirst ? [_nothing, _nothing, _nothing, _nothing] : to;
        _writer.Code($"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {Vector.Of(to)}, {Vector.Of(left)}, {Vector.Of(right)}, {Vector.Of(before)};");
    }

    private IEnumerable<(int Slots, int Columns, int Element)> Places() =>
        from slots in Enumerable.Range(0, _layout.SlotFragments)
        from columns in Enumerable.Range(0, _layout.Eights / 2)
        from element in Enumerable.Range(0, 4)
        select (slots, columns, element);
}
