namespace KernelGen.Compiler.Ptx;

/// <content>
/// From sums with weights on the left to the output. A thread has sums of one column and neighbouring slots, the output wants neighbouring columns of a slot: as
/// bfloat16, eight columns of eight slots are a matrix that <c>movmatrix</c> transposes.
/// </content>
public sealed partial class GroupedGemm
{
    private void WriteLeftEpilogue()
    {
        _writer.Declare("b32", "column", "slot", "from0", "from1", "packed0", "packed1");
        _writer.Declare("b64", "output", "to");
        _writer.Declare("f32", "value0", "value1");
        _writer.Declare("pred", "isSlot");
        if (WeightsOutput || WeightsInput) _writer.Declare("b32", "routerWeight0", "routerWeight1");
        if (StoresActivated) _activation = new(_writer, _shape);
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
            setp.lt.u32 %isSlot, %slot, %slots;
            mad.wide.u32 %to, %slot, {(long)rowElements * OutputBytes}, %output;
            """);
        for (var rows = 0; rows < LeftFragments; rows++)
        {
            for (var half = 0; half < (IsPaired ? 1 : 2); half++)
            {
                for (var x = 0; x < 2; x++)
                {
                    var sum = $"%{Sum(rows, eight, (2 * half) + x)}";
                    if (StoresActivated) _activation!.Write(new(sum.Substring(1)), IsPaired ? new F32(Sum(rows, eight, 2 + x)) : null, new($"value{x}"));
                    else _writer.Code($"mov.f32 %value{x}, {sum};");
                }

                _writer.Code($"""
                    cvt.rn.bf16x2.f32 %packed{half}, %value1, %value0;
                    movmatrix.sync.aligned.m8n8.trans.b16 %packed{half}, %packed{half};
                    """);
            }

            var offset = rows * 4 * ColumnsOfWarp * OutputBytes;
            _writer.Code(IsPaired
                ? $"@%isSlot st.global.b32 [%to+{offset}], %packed0;"
                : $"@%isSlot st.global.v2.b32 [%to+{offset}], {OpenBrace}%packed0, %packed1{CloseBrace};");
        }
    }

    /// <summary>Stores sums of a slice as they lie: eight lanes have neighbouring columns.</summary>
    private void WriteSlicesOf(int eight)
    {
        WriteOfSlots("slot", "packed", eight);
        for (var x = 0; x < 2; x++)
        {
            _writer.Code($"""
                setp.lt.u32 %isSlot, %packed{x}, %slots;
                mad.lo.u32 %slot, %slice, %slots, %packed{x};
                mad.wide.u32 %to, %slot, {_shape.Columns * 4L}, %output;
                """);
            for (var rows = 0; rows < LeftFragments; rows++)
            {
                for (var half = 0; half < 2; half++)
                    _writer.Code($"@%isSlot st.global.f32 [%to+{LeftColumnOffset(rows, half) * 4L}], %{Sum(rows, eight, (2 * half) + x)};");
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
