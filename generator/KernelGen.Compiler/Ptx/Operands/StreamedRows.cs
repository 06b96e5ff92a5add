namespace KernelGen.Compiler.Ptx;

/// <summary>Activations of a kernel that streams, one load ahead: gathered rows in registers, bfloat16 or bytes that become it.</summary>
internal sealed class StreamedRows
{
    private readonly PtxWriter _writer;
    private readonly StreamedLayout _layout;
    private readonly Scratch _scratch;
    private readonly B32[][] _words;
    private readonly B32[] _slots;
    private readonly B32[] _isSlot;
    private readonly B32[] _wasSlot;
    private readonly B64[] _from;
    private readonly B64[] _at;
    private readonly Pred[] _copies;
    private readonly B32[] _apart = [];
    private readonly B32[][] _pairs = [];
    private readonly B64 _lane;
    private readonly B64 _activations;
    private readonly B64 _fromA;

    public StreamedRows(PtxWriter writer, StreamedLayout layout, Scratch scratch)
    {
        (_writer, _layout, _scratch) = (writer, layout, scratch);
        var count = layout.SlotFragments;
        _words = [.. Enumerable.Range(0, count).Select(slots => writer.B32s($"a{slots}_", layout.InputWords * layout.UnitsOfLoad))];
        (_slots, _isSlot, _wasSlot, _copies) = (writer.B32s("slot", count), writer.B32s("isSlot", count), writer.B32s("wasSlot", count), writer.Preds("copies", count));
        (_from, _at, _lane, _activations, _fromA) = (writer.B64s("fromA", count), writer.B64s("atA", count), writer.B64("laneActivations"), writer.B64("activations"), writer.B64("fromA"));
        if (ArePairsApart) _apart = writer.B32s("apart", 4 * count);
        if (layout.Shape.QuantizedInputs) _pairs = [.. Enumerable.Range(0, count).Select(slots => writer.B32s($"pair{slots}_", 4))];
    }

    private bool ArePairsApart => WeightConversion.HasPairsApart(_layout.Shape.WeightType);

    private int SlotFragments => _layout.SlotFragments;

    /// <summary>The lane's elements of a row.</summary>
    public void WriteLane(B32 laneOfRow, B32 warp)
    {
        _writer.Code($"""
            mul.lo.u32 {_scratch.T1}, {laneOfRow}, {_layout.LoadedElements / 4 * _layout.InputBytes};
            mad.lo.u32 {_scratch.T1}, {warp}, {_layout.ElementsOfWarp * _layout.InputBytes}, {_scratch.T1};
            cvt.u64.u32 {_lane}, {_scratch.T1};
            """);
        _writer.LoadAddress(_activations, ExpertGemmParameter.Activations);
        _writer.Code($"add.u64 {_activations}, {_activations}, {_lane};");
    }

    /// <summary>Loads the slots of the lane's rows.</summary>
    public void WriteSlots(B64 address)
    {
        for (var slots = 0; slots < SlotFragments; slots++) _writer.Code($"ld.global.u32 {_slots[slots]}, [{address}+{slots * 8 * 4}];");
    }

    /// <summary>Where a slice's activations of a row start.</summary>
    public void WriteRowOffset() => _writer.Code($"mov.u64 {_fromA}, {_activations};");

    /// <summary>Moves a row's start to that of the slice.</summary>
    public void WriteSlice(B32 firstBlock) => _writer.Code($"""
        mul.wide.u32 {_scratch.Wide}, {firstBlock}, {_layout.Tile.BlockK * _layout.InputBytes};
        add.u64 {_fromA}, {_fromA}, {_scratch.Wide};
        """);

    /// <summary>Where the next tile's activations start. Padding is not loaded, and its sums are not stored.</summary>
    public void WriteSources(B32 slots, Pred valid)
    {
        for (var i = 0; i < SlotFragments; i++)
        {
            _writer.Code($"""
                setp.lt.u32 {valid}, {_slots[i]}, {slots};
                selp.b32 {_isSlot[i]}, 1, 0, {valid};
                {_layout.Shape.RowOfSlot(_slots[i], _scratch.T0)}
                mad.wide.u32 {_from[i]}, {_scratch.T0}, {(long)_layout.Shape.Reduction * _layout.InputBytes}, {_fromA};
                """);
        }
    }

    /// <summary>Clears what is not loaded where rows pad.</summary>
    public void WriteZeros()
    {
        foreach (var word in _words.SelectMany(words => words)) _writer.Code($"mov.b32 {word}, 0;");
    }

    /// <summary>Treats the next tile's slots as padding until its position is known.</summary>
    public void WriteNoSlots()
    {
        foreach (var isSlot in _isSlot) _writer.Code($"mov.u32 {isSlot}, 0;");
    }

    /// <summary>Moves the loads to the next turn, or the next tile's first.</summary>
    public void WriteAdvance(Pred last)
    {
        for (var i = 0; i < SlotFragments; i++)
        {
            _writer.Code($"""
                add.u64 {_at[i]}, {_at[i]}, {_layout.Tile.BlockK * _layout.InputBytes};
                selp.b64 {_at[i]}, {_from[i]}, {_at[i]}, {last};
                selp.b32 {_wasSlot[i]}, {_isSlot[i]}, {_wasSlot[i]}, {last};
                setp.ne.u32 {_copies[i]}, {_wasSlot[i]}, 0;
                """);
        }
    }

    /// <summary>Loads the activations of a unit. Other warps of the SM read them too.</summary>
    public void WriteLoads(int unit, int load)
    {
        var offset = ((load * _layout.LoadedElements) + (unit * StreamedLayout.UnitElements / 4)) * _layout.InputBytes;
        for (var i = 0; i < SlotFragments; i++)
        {
            var words = WordsOf(i, unit);
            _writer.Code($"@{_copies[i]} ld.global{Vector.Width(words.Length)}.b32 {Vector.Operand(words)}, [{_at[i]}+{offset}];");
        }
    }

    /// <summary>The right operands of a unit, four registers for each eight slots: pairs of neighbours or, for 4-bit weights, of elements four apart.</summary>
    public B32[][] WriteOperands(int unit, WeightConversion conversion, NaNWeights? nan)
    {
        if (_layout.Shape.QuantizedInputs) return WriteBytes(unit, conversion, nan!);
        if (!ArePairsApart) return [.. Enumerable.Range(0, SlotFragments).Select(slots => WordsOf(slots, unit))];
        for (var slots = 0; slots < SlotFragments; slots++)
        {
            var words = WordsOf(slots, unit);
            for (var x = 0; x < 4; x++) _writer.Code($"prmt.b32 {_apart[(4 * slots) + x]}, {words[x / 2]}, {words[2 + (x / 2)]}, 0x{(x % 2 == 0 ? 0x5410 : 0x7632):x4};");
        }

        return [.. Enumerable.Range(0, SlotFragments).Select(slots => _apart.Skip(4 * slots).Take(4).ToArray())];
    }

    // bfloat16 has all numbers of 8-bit floats, so that they are converted as the weights are and sums have single precision throughout.
    private B32[][] WriteBytes(int unit, WeightConversion conversion, NaNWeights nan)
    {
        for (var slots = 0; slots < SlotFragments; slots++)
        {
            var words = WordsOf(slots, unit);
            conversion.WriteEight(words, _pairs[slots], rests: null, minusZero: null);
            nan.WriteAmong(words, _pairs[slots][0]);
        }

        return _pairs;
    }

    private B32[] WordsOf(int slots, int unit) => [.. _words[slots].Skip(_layout.InputWords * unit).Take(_layout.InputWords)];
}
