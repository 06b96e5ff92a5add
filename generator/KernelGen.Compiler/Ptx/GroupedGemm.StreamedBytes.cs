namespace KernelGen.Compiler.Ptx;

/// <content>
/// Activations that are 8-bit floats, of a kernel that streams. bfloat16 has all of their numbers, so that they are converted as the weights are and sums have single
/// precision throughout. Scales of groups multiply the sums of a group together with those of the weights; scales of rows belong to whole sums.
/// </content>
public sealed partial class GroupedGemm
{
    // Neighbours, whose sums of a fragment a lane has.
    private const int SlotsOfLane = 2;

    private bool StreamsBytes => _shape.QuantizedInputs && _tile.IsStreamed;

    private bool HasStreamedInputScales => StreamsBytes && HasGroups;

    /// <summary>Bytes of an activation of a kernel that streams.</summary>
    private int InputBytes => StreamsBytes ? 1 : 2;

    /// <summary>Registers that a lane's activations of a unit and a slot are loaded into.</summary>
    private int InputWords => UnitElements / 4 * InputBytes / 4;

    private static string InputScale(int group, int slots, int x) => $"inputScale{group}_{slots}_{x}";

    private string? ProblemOfStreamedBytes() =>
        _shape.WeightType == DType.Float8E4M3 ? null : $"sums of {_shape.WeightType} are not exact in single precision, as which kernels that stream have them";

    private void DeclareStreamedBytes()
    {
        for (var slots = 0; slots < SlotFragments; slots++) _writer.Declare("b32", [.. Enumerable.Range(0, 4).Select(x => $"pair{slots}_{x}")]);
        if (!HasGroups) return;
        _writer.Declare("f32", "bothScales");
        for (var group = 0; group < GroupsOfTurn; group++) _writer.Declare("f32", [.. SlotsOfFragments().Select(slot => InputScale(group, slot.Slots, slot.X))]);
    }

    /// <summary>The right operands of a unit, as bfloat16.</summary>
    private Func<int, int, string> WriteBytePairs(WeightConversion conversion, int unit)
    {
        for (var slots = 0; slots < SlotFragments; slots++)
        {
            string[] words = [.. Enumerable.Range(InputWords * unit, InputWords).Select(x => $"%a{slots}_{x}")];
            conversion.WriteEight(words, [.. Enumerable.Range(0, 4).Select(x => $"%pair{slots}_{x}")], rests: null, minusZero: null);
            WriteNaNAmong(words, $"pair{slots}_0");
        }

        return (slots, x) => $"%pair{slots}_{x}";
    }

    private IEnumerable<(int Slots, int X)> SlotsOfFragments() => from slots in Enumerable.Range(0, SlotFragments) from x in Enumerable.Range(0, SlotsOfLane) select (slots, x);

    private void WriteStreamedInputScaleSetup()
    {
        _writer.Declare("b64", "inputScales", "laneSlots");
        foreach (var (slots, x) in SlotsOfFragments()) _writer.Declare("b64", $"inputScalesFrom{slots}_{x}", $"inputScalesOf{slots}_{x}", $"atInputScales{slots}_{x}");
        _writer.Code($"""
            ld.param.u64 %inputScales, [inputScales];
            cvta.to.global.u64 %inputScales, %inputScales;
            and.b32 %t0, %lane, 3;
            mul.wide.u32 %laneSlots, %t0, {SlotsOfLane * 4};
            """);
    }

    /// <summary>Where the next tile's scales of activations start: those of the slots that the lane has sums of.</summary>
    private void WriteStreamedInputScaleSources()
    {
        _writer.Code("add.u64 %address, %sortedSlots, %laneSlots;");
        foreach (var (slots, x) in SlotsOfFragments())
        {
            _writer.Code($"""
                ld.global.u32 %t0, [%address+{((slots * 8) + x) * 4}];
                setp.lt.u32 %valid, %t0, %slots;
                {RowOfSlot("t0")}
                selp.b32 %t0, %t0, 0, %valid;
                mad.wide.u32 %inputScalesFrom{slots}_{x}, %t0, {Groups * 4}, %inputScales;
                """);
        }
    }

    /// <summary>Moves the loads to the group of %t0, behind a tile's last turn to the next tile's.</summary>
    private void WriteStreamedInputScaleJump()
    {
        foreach (var (slots, x) in SlotsOfFragments())
        {
            _writer.Code($"""
                selp.b64 %inputScalesOf{slots}_{x}, %inputScalesFrom{slots}_{x}, %inputScalesOf{slots}_{x}, %last;
                mad.wide.u32 %atInputScales{slots}_{x}, %t0, 4, %inputScalesOf{slots}_{x};
                """);
        }
    }

    private void WriteStreamedInputScaleLoads(int group)
    {
        if (!HasStreamedInputScales) return;
        foreach (var (slots, x) in SlotsOfFragments()) _writer.Code($"@!%idle ld.global.f32 %{InputScale(group, slots, x)}, [%atInputScales{slots}_{x}+{group * 4}];");
    }

    /// <summary>Where all of a row of activations has one scale.</summary>
    private void WriteStreamedRowInputScale()
    {
        _writer.Declare("f32", "inputScale");
        _writer.Code($"""
            mov.u32 %t0, %slot;
            {RowOfSlot("t0")}
            mul.wide.u32 %wide, %t0, 4;
            ld.param.u64 %address, [inputScales];
            cvta.to.global.u64 %address, %address;
            add.u64 %address, %address, %wide;
            ld.global.f32 %inputScale, [%address];
            """);
        foreach (var name in IsPaired ? new[] { "gate", "up" } : ["gate"])
        {
            for (var i = 0; i < StoredColumns; i++) _writer.Code($"mul.rn.f32 %{name}{i}, %{name}{i}, %inputScale;");
        }
    }
}
