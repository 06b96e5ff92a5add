namespace KernelGen.Compiler.Ptx;

/// <content>The main loop with <c>ldmatrix</c> and <c>mma.sync</c>.</content>
public sealed partial class GroupedGemm
{
    private const int StepsOfPart = GroupedGemmTile.RowElements / 16;

    private void WriteMmaLoop()
    {
        for (var m = 0; m < FragmentsM; m++) _writer.Declare("b32", [.. Enumerable.Range(0, 4).Select(x => $"a{m}_{x}")]);
        for (var n = 0; n < FragmentsN; n++) _writer.Declare("b32", $"b{n}_0", $"b{n}_1");
        WriteFragmentAddresses();
        DeclareParts();
        WriteFirstCopies(_tile.Stages - 1);
        WriteTurnOfStages(_tile.Stages - 1);
        for (var step = 0; step < StepsOfPart; step++)
        {
            _writer.Code($"""
                add.u32 %atA{step}, %laneA{step}, %stageOut;
                add.u32 %atB{step}, %laneB{step}, %stageOut;
                """);
        }

        for (var part = 0; part < Parts; part++)
        {
            for (var step = 0; step < StepsOfPart; step++) WriteMmaStep(part, step);
            if (MultipliesFloat8) WritePartEnd(part);
        }

        WriteEndOfTurn();
        if (HasIntegerSums) WriteIntegerSums();
    }

    /// <summary>
    /// Where a lane's rows of 8×8 matrices start, for each step of 16 elements. A step changes bits 5 and 6 of the address alone,
    /// under the swizzle too, so that one exclusive or leads to it.
    /// </summary>
    private void WriteFragmentAddresses()
    {
        _writer.Comment("Rows that the lane reads for ldmatrix.");
        for (var step = 0; step < StepsOfPart; step++) _writer.Declare("b32", $"laneA{step}", $"laneB{step}", $"atA{step}", $"atB{step}");
        _writer.Code($"""
            and.b32 %t0, %lane, 15;
            mad.lo.u32 %t0, %warpM, {_tile.WarpM}, %t0;
            shr.u32 %t1, %lane, 4;
            and.b32 %t2, %lane, 7;
            xor.b32 %t1, %t1, %t2;
            shl.b32 %t1, %t1, 4;
            mad.lo.u32 %atA0, %t0, {GroupedGemmTile.RowBytes}, %t1;
            shr.u32 %t0, %lane, 4;
            shl.b32 %t0, %t0, 3;
            add.u32 %t0, %t0, %t2;
            mad.lo.u32 %t0, %warpN, {_tile.WarpN}, %t0;
            shr.u32 %t1, %lane, 3;
            and.b32 %t1, %t1, 1;
            xor.b32 %t1, %t1, %t2;
            shl.b32 %t1, %t1, 4;
            mad.lo.u32 %atB0, %t0, {GroupedGemmTile.RowBytes}, %t1;
            """);
        for (var step = 0; step < StepsOfPart; step++)
        {
            _writer.Code($"""
                xor.b32 %laneA{step}, %atA0, {step * 32};
                add.u32 %laneA{step}, %laneA{step}, %shared;
                xor.b32 %laneB{step}, %atB0, {step * 32};
                add.u32 %laneB{step}, %laneB{step}, %shared;
                """);
        }
    }

    private void WriteMmaStep(int part, int step)
    {
        const string Load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16";
        for (var m = 0; m < FragmentsM; m++)
        {
            var offset = (part * PartBytesA) + (m * 16 * GroupedGemmTile.RowBytes);
            _writer.Code($"{Load} {{%a{m}_0, %a{m}_1, %a{m}_2, %a{m}_3}}, [%atA{step}+{offset}];");
        }

        for (var n = 0; n < FragmentsN; n += 2)
        {
            var offset = (PartBytesA * Parts) + (part * PartBytesB) + (n * 8 * GroupedGemmTile.RowBytes);
            _writer.Code($"{Load} {{%b{n}_0, %b{n}_1, %b{n + 1}_0, %b{n + 1}_1}}, [%atB{step}+{offset}];");
        }

        for (var m = 0; m < FragmentsM; m++)
        {
            for (var n = 0; n < FragmentsN; n++)
            {
                var sums = string.Join(", ", Enumerable.Range(0, 4).Select(x => $"%{(_shape.QuantizedInputs ? GroupSum(m, n, x) : Sum(m, n, x))}"));
                var before = MultipliesFloat8 && step == 0 ? "%nothing, %nothing, %nothing, %nothing" : sums;
                _writer.Code($"mma.sync.aligned.{Instruction} {{{sums}}}, {{%a{m}_0, %a{m}_1, %a{m}_2, %a{m}_3}}, {{%b{n}_0, %b{n}_1}}, {{{before}}};");
            }
        }
    }
}
