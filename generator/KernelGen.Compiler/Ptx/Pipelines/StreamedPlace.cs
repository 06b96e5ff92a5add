namespace KernelGen.Compiler.Ptx;

/// <summary>
/// From tile to tile of a kernel that streams: its operands, and where they are loaded from. What is loaded is a turn ahead of what is multiplied, so that the next tile's
/// place is known while a tile is multiplied.
/// </summary>
internal sealed class StreamedPlace
{
    private readonly PtxWriter _writer;
    private readonly StreamedLayout _layout;
    private readonly PersistentSchedule _schedule;
    private readonly Scratch _scratch;
    private readonly B64 _experts;
    private readonly B32 _turnsLeft;
    private readonly Pred _valid;
    private readonly B32 _swap;
    private readonly B64 _swapped;
    private readonly B64 _keptSlots;
    private readonly List<(B32 Now, B32 Kept)> _kept = [];

    public StreamedPlace(PtxWriter writer, StreamedLayout layout, PersistentSchedule schedule, Scratch scratch)
    {
        (_writer, _layout, _schedule, _scratch) = (writer, layout, schedule, scratch);
        (Thread, Lane, Warp, Row, Column, Expert) = (writer.B32("thread"), writer.B32("lane"), writer.B32("warpN"), writer.B32("row"), writer.B32("column"), writer.B32("expert"));
        (_experts, _turnsLeft, Last, Idle, _valid) = (writer.B64("experts"), writer.B32("turnsLeft"), writer.Pred("last"), writer.Pred("idle"), writer.Pred("valid"));
        (_swap, _swapped, _keptSlots) = (writer.B32("swap"), writer.B64("swapped"), writer.B64("thisSortedSlots"));
        _kept.AddRange([(schedule.BlockN, writer.B32("thisBlockN")), (Expert, writer.B32("thisExpert"))]);
        if (schedule.IsSplit) _kept.Add((schedule.Slice, writer.B32("thisSlice")));
        (Weights, Rows) = (new(writer, layout, scratch), new(writer, layout, scratch));
        if (layout.Shape.HasGroups) Scales = new(writer, layout, scratch);
        if (layout.HasInputGroups) InputScales = new(writer, layout, scratch);
    }

    public B32 Thread { get; }

    public B32 Lane { get; }

    public B32 Warp { get; }

    /// <summary>The lane's row of eight.</summary>
    public B32 Row { get; }

    public B32 Column { get; }

    public B32 Expert { get; }

    /// <summary>Whether the turn is the tile's last one.</summary>
    public Pred Last { get; }

    /// <summary>Whether there is nothing left to load.</summary>
    public Pred Idle { get; }

    public RegisterWeights Weights { get; }

    public StreamedRows Rows { get; }

    public StreamedScales? Scales { get; }

    public StreamedInputScales? InputScales { get; }

    private bool IsChainedDown => _layout.Tile.Chained && !_layout.Shape.IsGateUp;

    /// <summary>The lane's part of each operand, and the first tile's number.</summary>
    public void WriteSetup()
    {
        if (_layout.Tile.Chained) Chain.WriteStart(_writer, _layout.Shape);
        _writer.Comment("A lane's 16 bytes of a row of weights; the next block's are as many bytes further on as the whole group loads.");
        _writer.Code($"""
            mov.u32 {Thread}, %tid.x;
            and.b32 {Lane}, {Thread}, 31;
            shr.u32 {Warp}, {Thread}, 5;
            shr.u32 {Row}, {Lane}, 2;
            and.b32 {_scratch.T0}, {Lane}, 3;
            """);
        Weights.WriteLane(_scratch.T0, Warp);
        Rows.WriteLane(_scratch.T0, Warp);
        _writer.LoadAddress(_experts, ExpertGemmParameter.BlockExperts);
        _schedule.WriteSortedSlots();
        _schedule.WriteSlots();
        _schedule.WriteTiles();
        _schedule.WriteWholeReduction();
        InputScales?.WriteLane(Lane);
    }

    /// <summary>Where a tile's operands start; the number of the tile is known.</summary>
    public void WriteSources()
    {
        TilePlace.WriteExpert(_writer, _scratch, _experts, _schedule.BlockM, Expert);
        TilePlace.WriteFirstSlot(_writer, _scratch, Row, _schedule.SortedSlots);
        Rows.WriteSlots(_scratch.Address);
        Weights.WriteRowOffset();
        Rows.WriteRowOffset();
        if (_schedule.IsSplit)
        {
            Weights.WriteSlice(_schedule.FirstBlock);
            Rows.WriteSlice(_schedule.FirstBlock);
        }

        _writer.Code($"mad.lo.u32 {Column}, {_schedule.BlockN}, {_layout.Shape.OutputColumns(_layout.Tile.BlockN)}, {Row};");
        Weights.WriteSource(Expert, Column);
        Rows.WriteSources(_schedule.Slots, _valid);
        Scales?.WriteSources(_schedule, Expert, Column, Warp);
        InputScales?.WriteSources(_schedule, _valid);
    }

    /// <summary>Loads the first tile's first turn, as if the last turn of another tile were under way, with one more to come.</summary>
    public void WriteFirstLoads()
    {
        _writer.Code($"""
            setp.ne.u32 {Idle}, {_schedule.Tiles}, {_schedule.Tiles};
            setp.eq.u32 {Last}, {_schedule.Tiles}, {_schedule.Tiles};
            """);
        WriteJump();
        for (var load = 0; load < _layout.LoadsOfTurn; load++)
        {
            for (var columns = 0; columns < _layout.Eights / 2; columns++) Weights.WriteLoads(columns, load, Idle);
        }

        for (var group = 0; group < _layout.GroupsOfTurn; group++)
        {
            Scales!.WriteZeroPointLoads(group, Idle);
            Scales.WriteScaleLoads(group, Idle);
        }

        Rows.WriteZeros();
        if (IsChainedDown) Chain.WriteWaitForIntermediate(_writer);
        for (var group = 0; group < _layout.GroupsOfTurn; group++) InputScales?.WriteLoads(group, Idle);
        Rows.WriteAdvance(Last);
        for (var unit = 0; unit < _layout.UnitsOfLoad; unit++) Rows.WriteLoads(unit, 0);
    }

    /// <summary>Keeps the tile's place for its end, and finds the next one's.</summary>
    public void WriteNext()
    {
        _writer.Code($"mov.u32 {_turnsLeft}, {_schedule.Blocks};");
        _schedule.WriteAdvance();
        foreach (var (now, kept) in _kept.Take(2)) _writer.Code($"mov.b32 {kept}, {now};");
        _writer.Code($"mov.b64 {_keptSlots}, {_schedule.SortedSlots};");
        foreach (var (now, kept) in _kept.Skip(2)) _writer.Code($"mov.b32 {kept}, {now};");
        Rows.WriteNoSlots();
        _writer.Comment("The next tile.");
        _schedule.WritePlace("PLACED");
        WriteSources();
        _writer.Label("PLACED");
    }

    /// <summary>Exchanges this tile's place, which its end needs, and the next one's.</summary>
    public void WriteSwap()
    {
        foreach (var (now, kept) in _kept.Take(2)) Swap("b32", _swap.ToString(), now.ToString(), kept.ToString());
        Swap("b64", _swapped.ToString(), _schedule.SortedSlots.ToString(), _keptSlots.ToString());
        foreach (var (now, kept) in _kept.Skip(2)) Swap("b32", _swap.ToString(), now.ToString(), kept.ToString());

        void Swap(string type, string between, string now, string kept) => _writer.Code($"""
            mov.{type} {between}, {now};
            mov.{type} {now}, {kept};
            mov.{type} {kept}, {between};
            """);
    }

    /// <summary>Moves the loads of weights one turn on, behind the tile's last turn to the next tile.</summary>
    public void WriteAdvance()
    {
        _writer.Comment("Where the next turn is loaded from.");
        _writer.Code($"""
            sub.u32 {_turnsLeft}, {_turnsLeft}, 1;
            setp.eq.u32 {Last}, {_turnsLeft}, 0;
            and.pred {Idle}, {Last}, {_schedule.Done};
            """);
        Weights.WriteAdvance();
        Scales?.WriteAdvance();
        WriteJump();
    }

    /// <summary>Loads the scales of a group, which are needed at its end.</summary>
    public void WriteScaleLoads(int group)
    {
        Scales!.WriteScaleLoads(group, Idle);
        InputScales?.WriteLoads(group, Idle);
    }

    private void WriteJump()
    {
        Weights.WriteJump(Last);
        Scales?.WriteJump(Last);
        InputScales?.WriteJump(Last);
    }
}
