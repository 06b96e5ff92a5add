namespace KernelGen.Compiler.Ptx;

/// <content>
/// The warp groups that multiply with weights on the left, and what becomes of their sums. A thread has two rows of weights and two slots of each eight: gate
/// and up row of one column, or two columns. Packed as bfloat16, eight columns of eight slots are a matrix that <c>movmatrix</c> transposes.
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
        _writer.Declare("b32", "warpN", "empty", "before", "todo");
        _writer.Declare("b64", "descriptorA", "descriptorB", "atA", "atB", "stageWide", "atLeft", "atRight");
        _writer.Declare("pred", "accumulate", "signals", "releases");
        _writer.Declare("f32", [.. LeftSums()]);
        _writer.Code($"""
            sub.u32 %warpN, %warp, {CopyWarps};
            shr.u32 %t0, %warpN, 2;
            mad.lo.u32 %t0, %t0, {LeftFragments * WarpGroupRows * GroupedGemmTile.RowBytes}, %shared;
            add.u32 %t0, %t0, {SlotPartBytes * Parts};
            mov.u32 %t1, %shared;
            add.u32 %empty, %barriers, {BarriersBytes};
            setp.eq.u32 %signals, %lane, 0;
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
                        wgmma.mma_async.sync.aligned.m64n{_tile.BlockM}k16.f32.bf16.bf16 {OpenBrace}{sums}{CloseBrace}, %atLeft, %atRight, {accumulates}, 1, 1, 0, 0;
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
            if (rest < 32) _writer.Code($"mov.u32 %slot{i}, %slots;\nsetp.lt.u32 %outside, %lane, {rest};");
            _writer.Code($"{(rest < 32 ? "@%outside " : "")}ld.global.u32 %slot{i}, [%address+{32 * 4 * i}];");
        }

        if (HasColumnNumbers) WriteExpertOfColumns();
        if (!WeightsOutput && !WeightsInput) return;
        _writer.Declare("b32", [.. Enumerable.Range(0, LaneSlots).Select(i => $"weight{i}")]);
        WriteRouterWeightsOfSlots(LaneSlots, "weight", "b32");
    }

    private void WriteLeftEpilogue()
    {
        _writer.Declare("b32", "column", "slot", "from0", "from1", "packed0", "packed1");
        _writer.Declare("b64", "output", "to");
        _writer.Declare("f32", "value0", "value1");
        if (WeightsOutput || WeightsInput) _writer.Declare("b32", "routerWeight0", "routerWeight1");
        if (StoresActivated) Activation.Declare(_writer, _shape.Activation);
        _writer.Comment("From sums to the output.");
        WriteLeftBiases();
        _writer.Code($"""
            mad.lo.u32 %column, %blockN, {OutputColumns(_tile.BlockN)}, %columnOfWarp;
            {(StoresBFloat16 ? $"mad.lo.u32 %column, %pairOfLane, {ColumnsOfWarp / 8}, %column;" : "add.u32 %column, %column, %columnOfLane;")}
            ld.param.u64 %output, [output];
            cvta.to.global.u64 %output, %output;
            mul.wide.u32 %wide, %column, {OutputBytes};
            add.u64 %output, %output, %wide;
            """);
        for (var eight = 0; eight < SlotEights; eight++)
        {
            if (WeightsOutput || WeightsInput) WriteOfSlots("weight", "routerWeight", eight);
            for (var rows = 0; rows < LeftFragments; rows++) WriteLeftWholeSums(rows, eight);
            if (StoresBFloat16) WriteTransposed(eight);
            else WriteSlicesOf(eight);
        }
    }

    /// <summary>What lanes know of the two slots whose sums a thread has.</summary>
    private void WriteOfSlots(string known, string to, int eight)
    {
        for (var x = 0; x < 2; x++)
        {
            _writer.Code($"""
                add.u32 %from{x}, %pairOfLane, {(8 * (eight % 4)) + x};
                shfl.sync.idx.b32 %{to}{x}, %{known}{eight / 4}, %from{x}, 31, 0xffffffff;
                """);
        }
    }

    private void WriteLeftWholeSums(int rows, int eight)
    {
        for (var x = 0; x < 4; x++)
        {
            var sum = $"%{Sum(rows, eight, x)}";
            if (WeightsInput) _writer.Code($"mul.rn.f32 {sum}, {sum}, %routerWeight{x % 2};");
            if (_shape.Bias && HasWholeSums) _writer.Code($"add.rn.f32 {sum}, {sum}, %bias{rows}_{x / 2};");
            if (WeightsOutput) _writer.Code($"mul.rn.f32 {sum}, {sum}, %routerWeight{x % 2};");
        }
    }

    /// <summary>Rounds eight slots' results, and stores those of one slot and two or four neighbouring columns.</summary>
    private void WriteTransposed(int eight)
    {
        var rowElements = StoresActivated ? _shape.IntermediateSize : _shape.Columns;
        _writer.Code($"""
            add.u32 %from0, %slotOfLane, {8 * (eight % 4)};
            shfl.sync.idx.b32 %slot, %slot{eight / 4}, %from0, 31, 0xffffffff;
            setp.lt.u32 %outside, %slot, %slots;
            mad.wide.u32 %to, %slot, {(long)rowElements * OutputBytes}, %output;
            """);
        for (var rows = 0; rows < LeftFragments; rows++)
        {
            for (var half = 0; half < (IsPaired ? 1 : 2); half++)
            {
                for (var x = 0; x < 2; x++)
                {
                    var sum = $"%{Sum(rows, eight, (2 * half) + x)}";
                    if (StoresActivated) Activation.Write(_writer, _shape, sum, IsPaired ? $"%{Sum(rows, eight, 2 + x)}" : null, $"%value{x}");
                    else _writer.Code($"mov.f32 %value{x}, {sum};");
                }

                _writer.Code($"""
                    cvt.rn.bf16x2.f32 %packed{half}, %value1, %value0;
                    movmatrix.sync.aligned.m8n8.trans.b16 %packed{half}, %packed{half};
                    """);
            }

            var offset = rows * 4 * ColumnsOfWarp * OutputBytes;
            _writer.Code(IsPaired
                ? $"@%outside st.global.b32 [%to+{offset}], %packed0;"
                : $"@%outside st.global.v2.b32 [%to+{offset}], {OpenBrace}%packed0, %packed1{CloseBrace};");
        }
    }

    /// <summary>Stores sums of a slice as they lie: eight lanes have neighbouring columns.</summary>
    private void WriteSlicesOf(int eight)
    {
        WriteOfSlots("slot", "packed", eight);
        for (var x = 0; x < 2; x++)
        {
            _writer.Code($"""
                setp.lt.u32 %outside, %packed{x}, %slots;
                mad.lo.u32 %slot, %slice, %slots, %packed{x};
                mad.wide.u32 %to, %slot, {_shape.Columns * 4L}, %output;
                """);
            for (var rows = 0; rows < LeftFragments; rows++)
            {
                for (var half = 0; half < 2; half++)
                    _writer.Code($"@%outside st.global.f32 [%to+{LeftColumnOffset(rows, half) * 4L}], %{Sum(rows, eight, (2 * half) + x)};");
            }
        }
    }

    /// <summary>Columns of the product from those of the thread's first row of weights to another's.</summary>
    private int LeftColumnOffset(int rows, int half) => (rows * 4 * ColumnsOfWarp) + (half * (IsPaired ? _shape.IntermediateSize : 2));

    private void WriteLeftBiases()
    {
        if (StoresBFloat16 && !HasColumnNumbers) return;
        _writer.Declare("b32", "columnOfLane");
        _writer.Comment("The column of the thread's first row of weights.");
        _writer.Code(IsPaired ? "mov.u32 %columnOfLane, %slotOfLane;" : """
            and.b32 %columnOfLane, %slotOfLane, 1;
            shr.u32 %t0, %slotOfLane, 1;
            mad.lo.u32 %columnOfLane, %t0, 4, %columnOfLane;
            """);
        if (!HasColumnNumbers) return;
        _writer.Declare("b64", "biasFrom");
        _writer.Declare("f32", [.. from rows in Enumerable.Range(0, LeftFragments) from half in Enumerable.Range(0, 2) select $"bias{rows}_{half}"]);
        _writer.Code($"""
            mad.lo.u32 %column, %blockN, {OutputColumns(_tile.BlockN)}, %columnOfWarp;
            add.u32 %column, %column, %columnOfLane;
            mad.lo.u32 %column, %expert, {_shape.Columns}, %column;
            ld.param.u64 %biasFrom, [biases];
            cvta.to.global.u64 %biasFrom, %biasFrom;
            mul.wide.u32 %wide, %column, 4;
            add.u64 %biasFrom, %biasFrom, %wide;
            """);
        if (_tile.SplitK > 1)
        {
            _writer.Declare("pred", "isFirstSlice");
            _writer.Code("setp.eq.u32 %isFirstSlice, %slice, 0;");
        }

        for (var rows = 0; rows < LeftFragments; rows++)
        {
            for (var half = 0; half < 2; half++)
            {
                _writer.Code($"ld.global.nc.f32 %bias{rows}_{half}, [%biasFrom+{LeftColumnOffset(rows, half) * 4L}];");
                if (_tile.SplitK > 1) _writer.Code($"selp.f32 %bias{rows}_{half}, %bias{rows}_{half}, 0f00000000, %isFirstSlice;");
            }
        }
    }
}
