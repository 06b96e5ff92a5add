namespace KernelGen.Compiler.Ptx;

/// <content>
/// From tile to tile of a kernel that streams. What is loaded is a turn ahead of what is multiplied, so that the next tile's place is known
/// while a tile is multiplied: <c>at…</c> is where loads are, <c>from…</c> where the next tile's start.
/// </content>
public sealed partial class GroupedGemm
{
    /// <summary>What the loads of a turn have for each row of weights: so many bytes, next to each other.</summary>
    private int TurnBytes => _shape.WeightBytes(_tile.BlockK);

    private void WriteStreamSetup()
    {
        _writer.Declare("b32", "thread", "lane", "warpN", "padded", "slots", "tile", "tileStep", "tilesOfSlice", "tiles", "blocksM", "blockM", "blockN");
        _writer.Declare("b32", "turn", "firstRow", "expert", "blocks", "turnsLeft", "row", "column", "t0", "t1", "t2");
        _writer.Declare("b64", "sorted", "sortedSlots", "experts", "address", "wide", "laneWeights", "laneActivations", "weightOffset", "fromB", "atB", "activations", "fromA", "swapped");
        _writer.Declare("pred", "done", "last", "idle", "valid", "outside");
        _writer.Declare("b32", "thisBlockN", "thisExpert", "swap");
        _writer.Declare("b64", "thisSortedSlots");
        if (IsPaired) _writer.Declare("b64", "fromUp", "atUp");
        if (_tile.SplitK > 1) _writer.Declare("b32", "slice", "firstBlock", "thisSlice");
        if (HasGroups) _writer.Declare("b32", "element", "fromElement");
        for (var slots = 0; slots < SlotFragments; slots++)
        {
            _writer.Declare("b64", $"fromA{slots}", $"atA{slots}");
            _writer.Declare("b32", $"slot{slots}", $"isSlot{slots}", $"wasSlot{slots}");
            _writer.Declare("pred", $"copies{slots}");
        }

        if (_tile.Chained) WriteChain();
        _writer.Comment("A lane's 16 bytes of a row of weights; the next block's are as many bytes further on as the whole group loads.");
        _writer.Code($"""
            mov.u32 %thread, %tid.x;
            and.b32 %lane, %thread, 31;
            shr.u32 %warpN, %thread, 5;
            shr.u32 %row, %lane, 2;
            and.b32 %t0, %lane, 3;
            mul.lo.u32 %t1, %t0, {4 * LoadedWords};
            mad.lo.u32 %t1, %warpN, {_shape.WeightBytes(ElementsOfWarp)}, %t1;
            cvt.u64.u32 %laneWeights, %t1;
            mul.lo.u32 %t1, %t0, {LoadedElements / 4 * InputBytes};
            mad.lo.u32 %t1, %warpN, {ElementsOfWarp * InputBytes}, %t1;
            cvt.u64.u32 %laneActivations, %t1;
            ld.param.u64 %activations, [activations];
            cvta.to.global.u64 %activations, %activations;
            add.u64 %activations, %activations, %laneActivations;
            ld.param.u64 %experts, [blockExperts];
            cvta.to.global.u64 %experts, %experts;
            ld.param.u64 %sorted, [sortedSlots];
            cvta.to.global.u64 %sorted, %sorted;
            ld.param.u32 %slots, [slots];
            ld.param.u64 %address, [paddedSlots];
            cvta.to.global.u64 %address, %address;
            ld.global.u32 %padded, [%address];
            div.u32 %blocksM, %padded, {_tile.BlockM};
            mul.lo.u32 %tilesOfSlice, %blocksM, {ColumnBlocks};
            mul.lo.u32 %tiles, %tilesOfSlice, {_tile.SplitK};
            mov.u32 %tile, %ctaid.x;
            mov.u32 %tileStep, %nctaid.x;
            """);
        if (_tile.SplitK == 1) _writer.Code($"mov.u32 %blocks, {ReductionBlocks};");
        if (!HasGroups) return;
        foreach (var (name, _, at) in StreamedScales()) _writer.Declare("b64", $"{name}From", $"{name}Of", at);
        if (HasStreamedInputScales) WriteStreamedInputScaleSetup();
    }

    /// <summary>Numbers of groups: the parameter, its bytes and the address of the loads.</summary>
    private IEnumerable<(string Name, int Bytes, string At)> StreamedScales()
    {
        if (!HasGroups) yield break;
        yield return ("scales", 4, "atScales");
        if (_shape.ZeroPoints) yield return ("zeroPoints", 1, "atZeroPoints");
    }

    /// <summary>Where a tile's operands start; the index of the tile is known.</summary>
    private void WriteTilePlace()
    {
        WriteExpertOfTile();
        WriteFirstSlot();
        for (var slots = 0; slots < SlotFragments; slots++) _writer.Code($"ld.global.u32 %slot{slots}, [%address+{slots * 8 * 4}];");
        _writer.Code("""
            mov.u64 %weightOffset, %laneWeights;
            mov.u64 %fromA, %activations;
            """);
        if (_tile.SplitK > 1)
        {
            _writer.Code($"""
                mul.wide.u32 %wide, %firstBlock, {TurnBytes};
                add.u64 %weightOffset, %weightOffset, %wide;
                mul.wide.u32 %wide, %firstBlock, {_tile.BlockK * InputBytes};
                add.u64 %fromA, %fromA, %wide;
                """);
        }

        _writer.Code($"""
            mad.lo.u32 %column, %blockN, {OutputColumns(_tile.BlockN)}, %row;
            mad.lo.u32 %t0, %expert, {_shape.Columns}, %column;
            ld.param.u64 %fromB, [weights];
            cvta.to.global.u64 %fromB, %fromB;
            mad.wide.u32 %fromB, %t0, {WeightRowBytes}, %fromB;
            add.u64 %fromB, %fromB, %weightOffset;
            {(IsPaired ? $"add.u64 %fromUp, %fromB, {_shape.IntermediateSize * WeightRowBytes};" : "")}
            """);
        for (var slots = 0; slots < SlotFragments; slots++)
        {
            // What pads is not loaded, and its sums are not stored.
            _writer.Code($"""
                setp.lt.u32 %valid, %slot{slots}, %slots;
                selp.b32 %isSlot{slots}, 1, 0, %valid;
                {(IsGateUp ? $"div.u32 %t0, %slot{slots}, {_shape.TopK};" : $"mov.u32 %t0, %slot{slots};")}
                mad.wide.u32 %fromA{slots}, %t0, {(long)_shape.Reduction * InputBytes}, %fromA;
                """);
        }

        if (!HasGroups) return;
        _writer.Code(_tile.SplitK > 1 ? $"mul.lo.u32 %fromElement, %firstBlock, {_tile.BlockK};" : "mov.u32 %fromElement, 0;");
        _writer.Code($"mad.lo.u32 %fromElement, %warpN, {ElementsOfWarp}, %fromElement;");
        foreach (var (name, bytes, _) in StreamedScales())
        {
            _writer.Code($"""
                mul.lo.u32 %t0, %expert, {Groups};
                ld.param.u64 %{name}From, [{name}];
                cvta.to.global.u64 %{name}From, %{name}From;
                mad.wide.u32 %{name}From, %t0, {_shape.Columns * bytes}, %{name}From;
                mul.wide.u32 %wide, %column, {bytes};
                add.u64 %{name}From, %{name}From, %wide;
                """);
        }

        if (HasStreamedInputScales) WriteStreamedInputScaleSources();
    }

    /// <summary>The first tile's first turn.</summary>
    private void WriteFirstLoads()
    {
        // As if the last turn of another tile were under way, with one more to come.
        _writer.Code("""
            setp.ne.u32 %idle, %tiles, %tiles;
            setp.eq.u32 %last, %tiles, %tiles;
            """);
        WriteJump();
        for (var load = 0; load < LoadsOfTurn; load++)
        {
            for (var columns = 0; columns < Eights / 2; columns++) WriteWeightLoads(columns, load);
        }

        for (var group = 0; group < GroupsOfTurn; group++)
        {
            if (_shape.ZeroPoints) WriteZeroPointLoads(group);
            WriteScaleLoads(group);
        }

        for (var slots = 0; slots < SlotFragments; slots++)
        {
            for (var x = 0; x < InputWords * UnitsOfLoad; x++) _writer.Code($"mov.b32 %a{slots}_{x}, 0;");
        }

        if (_tile.Chained && !IsGateUp) WriteWaitForIntermediate();
        for (var group = 0; group < GroupsOfTurn; group++) WriteStreamedInputScaleLoads(group);
        WriteActivationAdvance();
        for (var unit = 0; unit < UnitsOfLoad; unit++) WriteActivationLoad(unit, 0);
    }

    /// <summary>Keeps the tile's place for its end, and finds the next one's.</summary>
    private void WriteNextPlace()
    {
        _writer.Code("""
            mov.u32 %turnsLeft, %blocks;
            add.u32 %tile, %tile, %tileStep;
            """);
        foreach (var (now, kept, type) in Kept()) _writer.Code($"mov.{type} %{kept}, %{now};");
        for (var slots = 0; slots < SlotFragments; slots++) _writer.Code($"mov.u32 %isSlot{slots}, 0;");
        _writer.Comment("The next tile.");
        WriteTileIndex("PLACED");
        WriteTilePlace();
        _writer.Label("PLACED");
    }

    private IEnumerable<(string Now, string Kept, string Type)> Kept()
    {
        yield return ("blockN", "thisBlockN", "b32");
        yield return ("expert", "thisExpert", "b32");
        yield return ("sortedSlots", "thisSortedSlots", "b64");
        if (_tile.SplitK > 1) yield return ("slice", "thisSlice", "b32");
    }

    /// <summary>Exchanges this tile's place, which its end needs, and the next one's.</summary>
    private void WriteSwap()
    {
        foreach (var (now, kept, type) in Kept())
        {
            var between = type == "b64" ? "swapped" : "swap";
            _writer.Code($"""
                mov.{type} %{between}, %{now};
                mov.{type} %{now}, %{kept};
                mov.{type} %{kept}, %{between};
                """);
        }
    }

    /// <summary>Moves the loads of weights one turn on, behind the tile's last turn to the next tile.</summary>
    private void WriteAdvance()
    {
        _writer.Code($"""
            sub.u32 %turnsLeft, %turnsLeft, 1;
            setp.eq.u32 %last, %turnsLeft, 0;
            and.pred %idle, %last, %done;
            add.u64 %atB, %atB, {TurnBytes};
            """);
        if (IsPaired) _writer.Code($"add.u64 %atUp, %atUp, {TurnBytes};");
        if (HasGroups) _writer.Code($"add.u32 %element, %element, {_tile.BlockK};");
        WriteJump();
    }

    /// <summary>Moves the loads of weights to the next tile if the turn is the last one.</summary>
    private void WriteJump()
    {
        _writer.Code("selp.b64 %atB, %fromB, %atB, %last;");
        if (IsPaired) _writer.Code("selp.b64 %atUp, %fromUp, %atUp, %last;");
        if (!HasGroups) return;
        _writer.Code($"""
            selp.b32 %element, %fromElement, %element, %last;
            div.u32 %t0, %element, {_shape.GroupSize};
            """);
        foreach (var (name, bytes, at) in StreamedScales())
        {
            _writer.Code($"""
                selp.b64 %{name}Of, %{name}From, %{name}Of, %last;
                mad.wide.u32 %{at}, %t0, {_shape.Columns * bytes}, %{name}Of;
                """);
        }

        if (HasStreamedInputScales) WriteStreamedInputScaleJump();
    }

    /// <summary>Moves the loads of activations to the next turn, or the next tile's first.</summary>
    private void WriteActivationAdvance()
    {
        for (var slots = 0; slots < SlotFragments; slots++)
        {
            _writer.Code($"""
                add.u64 %atA{slots}, %atA{slots}, {_tile.BlockK * InputBytes};
                selp.b64 %atA{slots}, %fromA{slots}, %atA{slots}, %last;
                selp.b32 %wasSlot{slots}, %isSlot{slots}, %wasSlot{slots}, %last;
                setp.ne.u32 %copies{slots}, %wasSlot{slots}, 0;
                """);
        }
    }
}
