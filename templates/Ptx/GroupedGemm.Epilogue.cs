namespace KernelGen.Compiler.Ptx;

/// <content>From sums to the output: activation or router weight, and the store of rows that are slots.</content>
public sealed partial class GroupedGemm
{
    // Sums that leave the kernel as fp32: those of the second product, and those that a second phase still has to add up.
    private bool StoresActivated => IsGateUp && _tile.SplitK == 1;

    private void WriteEpilogue()
    {
        _writer.Declare("b32", "slot", "column", "packed");
        _writer.Declare("b64", "output", "to", "columnOffset", "rows");
        _writer.Declare("f32", "routerWeight", "value0", "value1");
        var columnsOfBlock = IsGateUp ? _tile.BlockN / 2 : _tile.BlockN;
        var columnsOfWarp = IsGateUp ? _tile.WarpN / 2 : _tile.WarpN;
        _writer.Comment("Rows and columns of the thread's sums.");
        _writer.Code($"""
            and.b32 %column, %lane, 3;
            shl.b32 %column, %column, 1;
            mad.lo.u32 %column, %blockN, {columnsOfBlock}, %column;
            mad.lo.u32 %column, %warpN, {columnsOfWarp}, %column;
            mul.wide.u32 %columnOffset, %column, {(StoresActivated ? 2 : 4)};
            ld.param.u64 %output, [output];
            cvta.to.global.u64 %output, %output;
            add.u64 %output, %output, %columnOffset;
            shr.u32 %t0, %lane, 2;
            mad.lo.u32 %t0, %warpM, {_tile.WarpM}, %t0;
            mul.wide.u32 %rows, %t0, 4;
            add.u64 %rows, %sortedSlots, %rows;
            """);
        if (!IsGateUp)
        {
            _writer.Code("""
                ld.param.u64 %address, [routerWeights];
                cvta.to.global.u64 %address, %address;
                """);
        }

        for (var m = 0; m < FragmentsM; m++)
        {
            for (var half = 0; half < 2; half++) WriteRow(m, half);
        }
    }

    private void WriteRow(int m, int half)
    {
        _writer.Code($"""
            ld.global.u32 %slot, [%rows+{((m * 16) + (half * 8)) * 4}];
            setp.ge.u32 %outside, %slot, %slots;
            @%outside bra STORED{m}_{half};
            """);
        if (!IsGateUp)
        {
            _writer.Code("""
                mul.wide.u32 %wide, %slot, 4;
                add.u64 %wide, %address, %wide;
                ld.global.f32 %routerWeight, [%wide];
                """);
        }

        if (_tile.SplitK > 1) _writer.Code("mad.lo.u32 %slot, %slice, %slots, %slot;");
        if (StoresActivated) WriteActivatedRow(m, half);
        else WriteSumsOfRow(m, half);
        _writer.Label($"STORED{m}_{half}");
    }

    private void WriteActivatedRow(int m, int half)
    {
        _writer.Code($"mad.wide.u32 %to, %slot, {2L * _shape.IntermediateSize}, %output;");
        for (var n = 0; n < FragmentsN; n += 2)
        {
            for (var x = 0; x < 2; x++) GatedActivation.Write(_writer, _shape, $"%{Sum(m, n, (2 * half) + x)}", $"%{Sum(m, n + 1, (2 * half) + x)}", $"%value{x}");
            _writer.Code($"""
                cvt.rn.bf16x2.f32 %packed, %value1, %value0;
                st.global.b32 [%to+{n / 2 * 16}], %packed;
                """);
        }
    }

    private void WriteSumsOfRow(int m, int half)
    {
        _writer.Code($"mad.wide.u32 %to, %slot, {4L * _shape.Columns}, %output;");
        for (var n = 0; n < FragmentsN; n++)
        {
            var (first, second) = (Sum(m, n, 2 * half), Sum(m, n, (2 * half) + 1));
            var offset = !IsGateUp ? n * 32L : (n / 2 * 32L) + (n % 2 * 4L * _shape.IntermediateSize);
            if (!IsGateUp)
            {
                _writer.Code($"""
                    mul.rn.f32 %{first}, %{first}, %routerWeight;
                    mul.rn.f32 %{second}, %{second}, %routerWeight;
                    """);
            }

            _writer.Code($"st.global.v2.f32 [%to+{offset}], {OpenBrace}%{first}, %{second}{CloseBrace};");
        }
    }
}
