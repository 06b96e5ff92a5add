namespace KernelGen.Compiler.Ptx;

/// <content>
/// A persistent kernel for few rows, where a weight is read once and by one warp: it goes from memory straight into registers. The weights
/// stand on the left of <c>mma</c> and eight slots on the right, so that what a lane loads at once is an operand: two pairs of neighbours
/// of a slot. A turn is what a warp has of a block of the reduction; while it multiplies one, each register is loaded with the next turn's
/// as soon as it is read, behind a tile's last turn with the next tile's first.
/// </content>
public sealed partial class GroupedGemm
{
    /// <summary>Times eight columns; a lane has weights of one of each eight.</summary>
    private int Eights => _tile.BlockN / 8;

    /// <summary>Times eight slots, as many as one <c>mma</c> multiplies.</summary>
    private int SlotFragments => _tile.BlockM / 8;

    /// <summary>Registers that a lane loads at once: 16 bytes of a row, fewer where four lanes' would not be of one group.</summary>
    private int LoadedWords => FitsLoad(4) ? 4 : FitsLoad(2) ? 2 : 1;

    /// <summary>Elements that a load of all lanes covers.</summary>
    private int LoadedElements => ElementsOf(LoadedWords);

    private int LoadsOfTurn => ElementsOfWarp / LoadedElements;

    private int UnitsOfLoad => LoadedWords / Conversion.Words;

    private int GroupsOfTurn => HasGroups ? Math.Max(ElementsOfWarp / _shape.GroupSize, 1) : 0;

    private int ElementsOf(int words) => words / Conversion.Words * UnitElements;

    private bool FitsLoad(int words) => words >= Conversion.Words && ElementsOfWarp % ElementsOf(words) == 0 && (!HasGroups || _shape.GroupSize % ElementsOf(words) == 0);

    private void WriteStreamed()
    {
        WriteStreamSetup();
        var conversion = Conversion;
        conversion.WriteSetup();
        DeclareStreamedOperands();
        _writer.Comment("The first turn.");
        WriteTileIndex("END");
        WriteTilePlace();
        WriteFirstLoads();
        _writer.Label("TILE");
        WriteNextPlace();
        _writer.Comment("The sums.");
        foreach (var sum in StreamedSums()) _writer.Code($"mov.f32 %{sum}, 0f00000000;");
        for (var eight = 0; eight < Eights && CollectsNaN; eight++) _writer.Code($"mov.b32 %nan{eight}, 0;");
        _writer.Label("TURN");
        WriteTurn(conversion);
        WriteSwap();
        if (CollectsNaN) WriteStreamedNaN();
        WriteExchange();
        WriteStreamedEpilogue();
        WriteSwap();
        _writer.Code("@!%done bra TILE;");
        _writer.Label("END");
    }

    private void DeclareStreamedOperands()
    {
        for (var slots = 0; slots < SlotFragments; slots++) _writer.Declare("b32", [.. Enumerable.Range(0, InputWords * UnitsOfLoad).Select(x => $"a{slots}_{x}")]);
        for (var eight = 0; eight < Eights; eight++) _writer.Declare("b32", [.. Enumerable.Range(0, LoadedWords * LoadsOfTurn).Select(x => $"word{eight}_{x}")]);
        _writer.Declare("b32", [.. Enumerable.Range(0, 8).Select(x => $"b{x}")]);
        if (HasRests) _writer.Declare("b32", [.. Enumerable.Range(0, 8).Select(x => $"rest_{x}")]);
        if (WeightConversion.HasPairsApart(_shape.WeightType)) _writer.Declare("b32", [.. Enumerable.Range(0, 4 * SlotFragments).Select(x => $"apart{x}")]);
        if (StreamsBytes) DeclareStreamedBytes();
        if (CollectsNaN) _writer.Declare("pred", "isNaN");
        if (CollectsNaN) _writer.Declare("b32", ["seven", .. Enumerable.Range(0, Eights).Select(eight => $"nan{eight}")]);
        _writer.Declare("f32", [.. StreamedSums()]);
        DeclareZero();
        if (!HasGroups) return;
        _writer.Declare("f32", ["nothing", .. StreamedSums().Select(sum => $"group_{sum}")]);
        _writer.Code("mov.f32 %nothing, 0f00000000;");
        for (var group = 0; group < GroupsOfTurn; group++)
        {
            _writer.Declare("f32", [.. Enumerable.Range(0, Eights).Select(eight => $"scale{group}_{eight}")]);
            if (_shape.ZeroPoints) _writer.Declare("b32", [.. Enumerable.Range(0, Eights).Select(eight => $"stored{group}_{eight}")]);
        }

        if (_shape.ZeroPoints) _writer.Declare("b32", [.. Enumerable.Range(0, Eights).Select(eight => $"zero{eight}")]);
    }

    /// <summary>
    /// A lane's sums of a fragment of 16 columns: 0 and 1 are column lane ÷ 4 of the slots 2·(lane mod 4) and the next, 2 and 3 the column eight further on.
    /// </summary>
    private IEnumerable<string> StreamedSums() =>
        from slots in Enumerable.Range(0, SlotFragments)
        from columns in Enumerable.Range(0, Eights / 2)
        from element in Enumerable.Range(0, 4)
        select Sum(slots, columns, element);

    /// <summary>Multiplies the turn that lies in registers, and loads the next.</summary>
    private void WriteTurn(WeightConversion conversion)
    {
        _writer.Comment("Where the next turn is loaded from.");
        WriteAdvance();
        for (var load = 0; load < LoadsOfTurn; load++)
        {
            // Activations run one load ahead, weights a turn.
            if (load == LoadsOfTurn - 1) WriteActivationAdvance();
            for (var unit = 0; unit < UnitsOfLoad; unit++)
            {
                var element = (load * LoadedElements) + (unit * UnitElements);
                var startsGroup = HasGroups && element % ScaledElements == 0;
                if (startsGroup) WriteStreamedZeroPoints(conversion, element / ScaledElements);
                var pairs = StreamsBytes ? WriteBytePairs(conversion, unit) : WriteSlotPairs(unit);
                for (var columns = 0; columns < Eights / 2; columns++)
                {
                    WriteStreamedFragment(conversion, (load * LoadedWords) + (unit * conversion.Words), columns, pairs, startsGroup);
                    if (unit == UnitsOfLoad - 1) WriteWeightLoads(columns, load);
                }

                WriteActivationLoad(unit, load == LoadsOfTurn - 1 ? 0 : load + 1);
                if (HasGroups && (element + UnitElements) % ScaledElements == 0) WriteStreamedScales(element / ScaledElements);
            }
        }

        _writer.Code("@!%last bra TURN;");
    }

    /// <summary>The right operands of a unit, four registers for each eight slots: pairs of neighbours as they are loaded or, for 4-bit weights, of elements four apart.</summary>
    private Func<int, int, string> WriteSlotPairs(int unit)
    {
        if (!WeightConversion.HasPairsApart(_shape.WeightType)) return (slots, x) => $"%a{slots}_{(4 * unit) + x}";
        for (var slots = 0; slots < SlotFragments; slots++)
        {
            for (var x = 0; x < 4; x++) _writer.Code($"prmt.b32 %apart{(4 * slots) + x}, %a{slots}_{(4 * unit) + (x / 2)}, %a{slots}_{(4 * unit) + 2 + (x / 2)}, 0x{(x % 2 == 0 ? 0x5410 : 0x7632):x4};");
        }

        return (slots, x) => $"%apart{(4 * slots) + x}";
    }

    /// <summary>Converts a lane's eight weights of two rows and multiplies them.</summary>
    private void WriteStreamedFragment(WeightConversion conversion, int firstWord, int columns, Func<int, int, string> pairs, bool startsGroup)
    {
        for (var half = 0; half < 2; half++)
        {
            var eight = (2 * columns) + half;
            var words = Words(eight, firstWord, conversion.Words);
            if (CollectsNaN) WriteNaNOf(words, $"%nan{eight}");
            conversion.WriteEight(words, [.. Enumerable.Range(0, 4).Select(x => $"%b{(2 * x) + half}")], HasRests ? [.. Enumerable.Range(0, 4).Select(x => $"%rest_{(2 * x) + half}")] : null, MinusZero(eight));
        }

        for (var step = 0; step < 2; step++)
        {
            for (var slots = 0; slots < SlotFragments; slots++)
            {
                string Left(string name) => string.Join(", ", Enumerable.Range(4 * step, 4).Select(x => $"%{name}{x}"));
                var right = $"{pairs(slots, 2 * step)}, {pairs(slots, (2 * step) + 1)}";
                WriteStreamedProduct(slots, columns, Left("b"), right, startsGroup && step == 0);
                if (HasRests) WriteStreamedProduct(slots, columns, Left("rest_"), right, isFirst: false);
            }
        }
    }

    private void WriteStreamedProduct(int slots, int columns, string left, string right, bool isFirst)
    {
        var to = string.Join(", ", Enumerable.Range(0, 4).Select(x => $"%{(HasGroups ? GroupSum(slots, columns, x) : Sum(slots, columns, x))}"));
        var before = HasGroups && isFirst ? "%nothing, %nothing, %nothing, %nothing" : to;
        _writer.Code($"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {OpenBrace}{to}{CloseBrace}, {OpenBrace}{left}{CloseBrace}, {OpenBrace}{right}{CloseBrace}, {OpenBrace}{before}{CloseBrace};");
    }

    /// <summary>The zero points of a group, which are needed at its start.</summary>
    private void WriteStreamedZeroPoints(WeightConversion conversion, int group)
    {
        if (!_shape.ZeroPoints) return;
        for (var eight = 0; eight < Eights; eight++) conversion.WriteMinusZero($"%stored{group}_{eight}", $"%zero{eight}");
        WriteZeroPointLoads(group);
    }

    /// <summary>The scales of a group, which are needed at its end.</summary>
    private void WriteStreamedScales(int group)
    {
        foreach (var sum in from slots in Enumerable.Range(0, SlotFragments) from columns in Enumerable.Range(0, Eights / 2) from x in Enumerable.Range(0, 4) select (slots, columns, x))
        {
            var to = Sum(sum.slots, sum.columns, sum.x);
            var scale = $"scale{group}_{(2 * sum.columns) + (sum.x / 2)}";
            if (HasStreamedInputScales)
            {
                _writer.Code($"mul.rn.f32 %bothScales, %{scale}, %{InputScale(group, sum.slots, sum.x % 2)};");
                scale = "bothScales";
            }

            _writer.Code($"fma.rn.f32 %{to}, %group_{to}, %{scale}, %{to};");
        }

        WriteScaleLoads(group);
        WriteStreamedInputScaleLoads(group);
    }

    /// <summary>A column with a NaN among its weights is NaN. The four lanes that have the column's weights have its sums.</summary>
    private void WriteStreamedNaN()
    {
        _writer.Comment("NaN among the weights.");
        for (var eight = 0; eight < Eights; eight++)
        {
            foreach (var distance in new[] { 1, 2 })
            {
                _writer.Code($"""
                    shfl.sync.bfly.b32 %t0, %nan{eight}, {distance}, 0x1f, 0xffffffff;
                    or.b32 %nan{eight}, %nan{eight}, %t0;
                    """);
            }

            _writer.Code($"""
                and.b32 %nan{eight}, %nan{eight}, 0x80808080;
                setp.ne.b32 %isNaN, %nan{eight}, 0;
                """);
            for (var slots = 0; slots < SlotFragments; slots++)
            {
                for (var x = 0; x < 2; x++) _writer.Code($"@%isNaN mov.f32 %{Sum(slots, eight / 2, (2 * (eight % 2)) + x)}, 0f7fc00000;");
            }
        }
    }
}
