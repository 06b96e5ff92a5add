namespace KernelGen.Compiler.Ptx;

/// <summary>Scales of groups of activations that are bytes: those of the slots that a lane has sums of.</summary>
internal sealed class StreamedInputScales
{
    private readonly PtxWriter _writer;
    private readonly StreamedLayout _layout;
    private readonly Scratch _scratch;
    private readonly B64 _scales;
    private readonly B64 _laneSlots;
    private readonly List<Addresses> _addresses;
    private readonly Dictionary<(int Group, int Slots, int X), F32> _loaded;

    public StreamedInputScales(PtxWriter writer, StreamedLayout layout, Scratch scratch)
    {
        (_writer, _layout, _scratch) = (writer, layout, scratch);
        (_scales, _laneSlots) = (writer.B64("inputScales"), writer.B64("laneSlots"));
        _addresses = [.. layout.Slots().Select(slot => (slot.Slots, slot.X, Name: $"{slot.Slots}_{slot.X}")).Select(slot =>
            new Addresses(slot.Slots, slot.X, writer.B64($"inputScalesFrom{slot.Name}"), writer.B64($"inputScalesOf{slot.Name}"), writer.B64($"atInputScales{slot.Name}")))];
        _loaded = Enumerable.Range(0, layout.GroupsOfTurn).SelectMany(group => layout.Slots().Select(slot => (group, slot.Slots, slot.X)))
            .ToDictionary(scale => scale, scale => writer.F32($"inputScale{scale.group}_{scale.Slots}_{scale.X}"));
    }

    /// <summary>The scale of a group and a slot.</summary>
    public F32 Scale(int group, int slots, int x) => _loaded[(group, slots, x)];

    /// <summary>Which slots the lane has.</summary>
    public void WriteLane(B32 lane)
    {
        _writer.LoadAddress(_scales, ExpertGemmParameter.InputScales);
        _writer.Code($"""
            and.b32 {_scratch.T0}, {lane}, 3;
            mul.wide.u32 {_laneSlots}, {_scratch.T0}, {StreamedLayout.SlotsOfLane * 4};
            """);
    }

    /// <summary>Where the next tile's scales start.</summary>
    public void WriteSources(PersistentSchedule schedule, Pred valid)
    {
        _writer.Code($"add.u64 {_scratch.Address}, {schedule.SortedSlots}, {_laneSlots};");
        foreach (var (slots, x, from, _, _) in _addresses)
        {
            _writer.Code($"""
                ld.global.u32 {_scratch.T0}, [{_scratch.Address}+{((slots * 8) + x) * 4}];
                setp.lt.u32 {valid}, {_scratch.T0}, {schedule.Slots};
                {_layout.Shape.RowOfSlot(_scratch.T0)}
                selp.b32 {_scratch.T0}, {_scratch.T0}, 0, {valid};
                mad.wide.u32 {from}, {_scratch.T0}, {_layout.Shape.Groups * 4}, {_scales};
                """);
        }
    }

    /// <summary>Moves the loads to the group of the first scratch register, behind a tile's last turn to the next tile's.</summary>
    public void WriteJump(Pred last)
    {
        foreach (var (_, _, from, of, at) in _addresses)
        {
            _writer.Code($"""
                selp.b64 {of}, {from}, {of}, {last};
                mad.wide.u32 {at}, {_scratch.T0}, 4, {of};
                """);
        }
    }

    /// <summary>Loads a group's scales.</summary>
    public void WriteLoads(int group, Pred idle)
    {
        foreach (var (slots, x, _, _, at) in _addresses) _writer.Code($"@{!idle} ld.global.f32 {Scale(group, slots, x)}, [{at}+{group * 4}];");
    }

    // Of a slot: where the next tile's scales start, those of the present one, and the address of the loads.
    private sealed record Addresses(int Slots, int X, B64 From, B64 Of, B64 At);
}
