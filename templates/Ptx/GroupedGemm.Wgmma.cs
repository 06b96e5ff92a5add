namespace KernelGen.Compiler.Ptx;

/// <content>The main loop with <c>wgmma</c>, which reads both operands from shared memory.</content>
public sealed partial class GroupedGemm
{
    // Matrix descriptor: 128-byte swizzle, 1024 bytes from eight rows to the next eight, address in units of 16 bytes.
    private const string DescriptorBits = "0x4000004000010000";

    private void WriteWgmmaLoop()
    {
        // Products of the stage before the current one may still be running, so copies keep away from two stages.
        var stagesAhead = _tile.Stages - 2;
        _writer.Declare("b64", "descriptorA", "descriptorB", "atA", "atB", "stageWide");
        _writer.Comment("Descriptors of the warp group's rows and columns.");
        _writer.Code($"""
            shr.u32 %t0, %warpM, 2;
            mad.lo.u32 %t0, %t0, {64 * GroupedGemmTile.RowBytes}, %shared;
            mad.lo.u32 %t1, %warpN, {_tile.WarpN * GroupedGemmTile.RowBytes}, %shared;
            add.u32 %t1, %t1, {PartBytesA * Parts};
            """);
        foreach (var (descriptor, address) in new[] { ("descriptorA", "t0"), ("descriptorB", "t1") })
        {
            _writer.Code($"""
                and.b32 %{address}, %{address}, 0x3ffff;
                shr.u32 %{address}, %{address}, 4;
                cvt.u64.u32 %{descriptor}, %{address};
                or.b64 %{descriptor}, %{descriptor}, {DescriptorBits};
                """);
        }

        WriteFirstCopies(stagesAhead);
        WriteTurnOfStages(stagesAhead, fence: "fence.proxy.async;\n");
        _writer.Code("""
            shr.u32 %t0, %stageOut, 4;
            cvt.u64.u32 %stageWide, %t0;
            wgmma.fence.sync.aligned;
            """);
        var sums = string.Join(", ", Sums().Select(sum => $"%{sum}"));
        for (var part = 0; part < Parts; part++)
        {
            for (var step = 0; step < StepsOfPart; step++)
            {
                _writer.Code($"""
                    add.u64 %atA, %descriptorA, %stageWide;
                    add.u64 %atB, %descriptorB, %stageWide;
                    add.u64 %atA, %atA, {((part * PartBytesA) / 16) + (step * 2)};
                    add.u64 %atB, %atB, {((part * PartBytesB) / 16) + (step * 2)};
                    wgmma.mma_async.sync.aligned.m64n{_tile.WarpN}k16.f32.bf16.bf16 {OpenBrace}{sums}{CloseBrace}, %atA, %atB, 1, 1, 1, 0, 0;
                    """);
            }
        }

        _writer.Code("""
            wgmma.commit_group.sync.aligned;
            wgmma.wait_group.sync.aligned 1;
            """);
        WriteEndOfTurn();
        _writer.Code("wgmma.wait_group.sync.aligned 0;");
    }

    private const string OpenBrace = "{";
    private const string CloseBrace = "}";
}
