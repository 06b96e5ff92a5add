namespace KernelGen.Compiler.Ptx;

/// <content>
/// The warp groups that multiply with weights on the left. A thread has two rows of weights, gate and up row of one column or two columns, and two slots of each eight.
/// </content>
public sealed partial class GroupedGemm
{
    /// <summary>Times 64 rows of weights that a warp group has.</summary>
    private int LeftFragments => _tile.WarpN / WarpRows;

    private int SlotEights => _tile.BlockM / 8;

    /// <summary>Columns of the output that a warp has of one fragment: pairs of rows are one.</summary>
    private int ColumnsOfWarp => OutputColumns(WarpRows);

    /// <summary>Slots that a warp's lanes know, one each.</summary>
    private int LaneSlots => (_tile.BlockM + 31) / 32;

    /// <summary>Whether the second product begins with its weights while the first one ends.</summary>
    private bool WaitsInCopies => _tile.WeightsLeft && _tile.Chained && !IsGateUp;

    private void WriteLeftMultiplyRole()
    {
        _writer.Label("MULTIPLY");
        _writer.Comment("The warp groups that multiply.");
        if (RegistersOfRoles is { } registers) _writer.Code($"setmaxnreg.inc.sync.aligned.u32 {registers.Multiplies};");
        _writer.Declare("b32", "warpN", "before", "todo");
        _writer.Declare("b64", "descriptorA", "descriptorB", "atA", "atB", "stageWide", "atLeft", "atRight");
        _writer.Declare("pred", "accumulate", "releases");
        _writer.Declare("f32", [.. LeftSums()]);
        WriteReleaseSetup();
        _writer.Code($"""
            sub.u32 %warpN, %warp, {CopyWarps};
            shr.u32 %t0, %warpN, 2;
            mad.lo.u32 %t0, %t0, {LeftFragments * WarpGroupRows * GroupedGemmTile.RowBytes}, %shared;
            add.u32 %t0, %t0, {SlotPartBytes * Parts};
            mov.u32 %t1, %shared;
            """);
        WriteDescriptors();
        WriteLeftPlaces();
        _writer.Label("MULTIPLYTILE");
        WriteTileIndex("END");
        WriteSlotsOfLanes();
        _writer.Code("""
            mov.u32 %todo, %blocks;
            setp.ne.u32 %accumulate, %todo, %blocks;
            """);
        WriteMultiplyStages();
        WriteLeftEpilogue();
        WriteNextTile("MULTIPLYTILE");
    }

    /// <summary>A thread's sums: fragment of rows, eight slots, and of these the slots 2·(lane mod 4) and the next, first of row lane ÷ 4, then of the row eight further on.</summary>
    private IEnumerable<string> LeftSums() =>
        from rows in Enumerable.Range(0, LeftFragments)
        from eight in Enumerable.Range(0, SlotEights)
        from element in Enumerable.Range(0, 4)
        select Sum(rows, eight, element);

    private void WriteLeftProducts()
    {
        for (var part = 0; part < Parts; part++)
        {
            for (var step = 0; step < StepsOfPart; step++)
            {
                var accumulates = part + step == 0 ? "%accumulate" : "1";
                _writer.Code($"add.u64 %atRight, %atB, {((part * SlotPartBytes) + (step * 32)) / ChunkBytes};");
                for (var rows = 0; rows < LeftFragments; rows++)
                {
                    var offset = (part * LeftPartBytes) + (rows * WarpGroupRows * GroupedGemmTile.RowBytes) + (step * 32);
                    var sums = string.Join(", ", LeftSums().Skip(4 * SlotEights * rows).Take(4 * SlotEights).Select(sum => $"%{sum}"));
                    _writer.Code($"""
                        add.u64 %atLeft, %atA, {offset / ChunkBytes};
                        wgmma.mma_async.sync.aligned.m64n{_tile.BlockM}{WgmmaTypes} {OpenBrace}{sums}{CloseBrace}, %atLeft, %atRight, {accumulates}{WgmmaSigns};
                        """);
                }
            }
        }
    }

    /// <summary>Where a warp's columns start, and which of a matrix of eight by eight a lane has before and after it is transposed.</summary>
    private void WriteLeftPlaces()
    {
        _writer.Declare("b32", "columnOfWarp", "pairOfLane", "slotOfLane");
        _writer.Code($"""
            shr.u32 %t0, %warpN, 2;
            and.b32 %t1, %warpN, 3;
            mad.lo.u32 %t0, %t0, {4 * LeftFragments}, %t1;
            mul.lo.u32 %columnOfWarp, %t0, {ColumnsOfWarp};
            and.b32 %pairOfLane, %lane, 3;
            shl.b32 %pairOfLane, %pairOfLane, 1;
            shr.u32 %slotOfLane, %lane, 2;
            """);
    }

    /// <summary>Slots and router weights of the tile, one of each 32 a lane, and the expert, long before the epilogue wants them.</summary>
    private void WriteSlotsOfLanes()
    {
        _writer.Declare("b32", [.. Enumerable.Range(0, LaneSlots).Select(i => $"slot{i}")]);
        _writer.Code("""
            mul.wide.u32 %wide, %lane, 4;
            add.u64 %address, %sortedSlots, %wide;
            """);
        for (var i = 0; i < LaneSlots; i++)
        {
            var rest = _tile.BlockM - (32 * i);
            if (rest < 32) _writer.Code($"mov.u32 %slot{i}, %slots;\nsetp.ge.u32 %outside, %lane, {rest};");
            _writer.Code($"{(rest < 32 ? "@!%outside " : "")}ld.global.u32 %slot{i}, [%address+{32 * 4 * i}];");
        }

        if (HasColumnNumbers) WriteExpertOfColumns();
        if (!WeightsOutput && !WeightsInput) return;
        _writer.Declare("b32", [.. Enumerable.Range(0, LaneSlots).Select(i => $"weight{i}")]);
        WriteRouterWeightsOfSlots(LaneSlots, "weight", "b32");
    }
}
