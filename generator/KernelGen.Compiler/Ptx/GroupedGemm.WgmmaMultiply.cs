namespace KernelGen.Compiler.Ptx;

/// <content>The warp groups that multiply: <c>wgmma</c> from one stage after the other, then the epilogue.</content>
public sealed partial class GroupedGemm
{
    // Matrix descriptor: 128-byte swizzle, 1024 bytes from eight rows to the next eight, address in units of 16 bytes.
    private const string DescriptorBits = "0x4000004000010000";

    private void WriteMultiplyRole()
    {
        _writer.Label("MULTIPLY");
        _writer.Comment("The warp groups that multiply.");
        if (RegistersOfRoles is { } registers) _writer.Code($"setmaxnreg.inc.sync.aligned.u32 {registers.Multiplies};");
        var own = HasPartialSums ? Array.Empty<string>() : ["before"];
        _writer.Declare("b32", ["warpM", "warpN", "groupRow", .. own, "todo", "first"]);
        own = HasParts ? ["atPart"] : [];
        _writer.Declare("b64", MultipliesBytes ? ["atA", "atB"] : ["descriptorA", "descriptorB", "atA", "atB", .. own, "stageWide"]);
        _writer.Declare("pred", HasPartialSums ? ["active"] : ["accumulate", "releases", "active"]);
        _writer.Declare(HasIntegerSums ? "b32" : "f32", [.. Sums()]);
        WriteReleaseSetup();
        _writer.Code($"""
            sub.u32 %warpM, %warp, {CopyWarps};
            mov.u32 %warpN, 0;
            shr.u32 %groupRow, %warpM, 2;
            mad.lo.u32 %t0, %groupRow, {WarpGroupRows * GroupedGemmTile.RowBytes}, %shared;
            add.u32 %t1, %shared, {ActivationBytes};
            mul.lo.u32 %groupRow, %groupRow, {RowOfTile(WarpGroupRows)};
            """);
        if (MultipliesBytes)
        {
            WriteLowDescriptors();
            DeclareByteProducts();
        }
        else
        {
            WriteDescriptors();
            DeclareGroupSums();
        }

        _writer.Label("MULTIPLYTILE");
        WriteTileIndex("END");
        WriteSlotsOfThread();
        _writer.Code($"""
            mul.wide.u32 %wide, %groupRow, 4;
            add.u64 %address, %sortedSlots, %wide;
            ld.global.u32 %first, [%address];
            {AlikeInWarp("first")}
            setp.lt.u32 %active, %first, %slots;
            mov.u32 %todo, %blocks;
            @!%active bra PASS;
            """);
        if (HasPartialSums) WriteStartOfGroups();
        else _writer.Code("setp.ne.u32 %accumulate, %todo, %blocks;");
        WriteMultiplyStages();
        if (HasIntegerSums) WriteIntegerSums();
        WriteEpilogue();
        WriteNextTile("MULTIPLYTILE");
        WritePassedStages();
    }

    /// <summary>Descriptors of the rows at %t0 and the columns at %t1.</summary>
    private void WriteDescriptors()
    {
        foreach (var (descriptor, address) in new[] { ("descriptorA", "t0"), ("descriptorB", "t1") })
        {
            _writer.Code($"""
                and.b32 %{address}, %{address}, 0x3ffff;
                shr.u32 %{address}, %{address}, 4;
                cvt.u64.u32 %{descriptor}, %{address};
                or.b64 %{descriptor}, %{descriptor}, {DescriptorBits};
                """);
        }
    }

    private void WriteMultiplyStages()
    {
        _writer.Label("NEXT");
        _writer.Code("add.u32 %t0, %barriers, %barrier;");
        WriteWait("%t0", "%phase", "EMPTY");

        // Activations were written by ordinary copies, which the tensor cores see behind a fence.
        _writer.Code("fence.proxy.async.shared::cta;");
        if (MultipliesBytes)
        {
            WriteOperandsOfTurn(0);
        }
        else
        {
            _writer.Code("""
                shr.u32 %t0, %stage, 4;
                cvt.u64.u32 %stageWide, %t0;
                add.u64 %atA, %descriptorA, %stageWide;
                add.u64 %atB, %descriptorB, %stageWide;
                """);
        }

        _writer.Code("wgmma.fence.sync.aligned;");
        if (MultipliesBytes && HasPartialSums) WriteByteProducts();
        else if (HasGroups) WriteProductsOfGroups();
        else WriteProductsOfStage();
    }

    /// <summary>The products of a stage, begun while those of the one before may still run.</summary>
    private void WriteProductsOfStage()
    {
        for (var step = 0; step < StepsOfPart; step++) WriteWgmma(step, [.. Sums()], step == 0 ? "%accumulate" : "1");
        _writer.Comment("The stage before this one has been read.");
        _writer.Code("""
            wgmma.commit_group.sync.aligned;
            wgmma.wait_group.sync.aligned 1;
            and.pred %releases, %accumulate, %signals;
            """);
        WriteRelease("%releases", "%before");
        _writer.Code("mov.u32 %before, %barrier;");
        WriteNextBarrier();
        _writer.Code("""
            sub.u32 %todo, %todo, 1;
            setp.ne.u32 %accumulate, %todo, %blocks;
            setp.ne.u32 %more, %todo, 0;
            @%more bra NEXT;
            wgmma.wait_group.sync.aligned 0;
            """);
        WriteRelease("%signals", "%before");
    }

    private void WriteWgmma(int step, string[] sums, string accumulate)
    {
        if (step > 0 && MultipliesBytes)
        {
            WriteOperandsOfStep();
        }
        else if (step > 0)
        {
            _writer.Code("""
                add.u64 %atA, %atA, 2;
                add.u64 %atB, %atB, 2;
                """);
        }

        for (var first = 0; first < sums.Length / 4; first += FragmentsOfWgmma)
        {
            Multiply(first, 0, accumulate);
            if (HasRests) Multiply(first, WeightTileBytes, "1");
        }

        void Multiply(int first, int tile, string scale)
        {
            var offset = tile + (first * 8 * GroupedGemmTile.RowBytes);
            if (offset > 0) _writer.Code($"add.u64 %atPart, %atB, {offset / ChunkBytes};");
            var to = string.Join(", ", sums.Skip(4 * first).Take(4 * FragmentsOfWgmma).Select(sum => $"%{sum}"));
            _writer.Code($"wgmma.mma_async.sync.aligned.m64n{8 * FragmentsOfWgmma}{WgmmaTypes} {OpenBrace}{to}{CloseBrace}, %atA, {(offset > 0 ? "%atPart" : "%atB")}, {scale}{WgmmaSigns};");
        }
    }

    /// <summary>Fragments of columns of one instruction. Where many threads share the registers, the assembler has too few for more than 192 columns.</summary>
    private int FragmentsOfWgmma => MultipliesBytes ? FragmentsOfTurn : ConvertsInCopies && _tile.BlockN > 192 ? FragmentsN / 2 : FragmentsN;

    private bool HasParts => HasRests || (ConvertsInCopies && FragmentsOfWgmma < FragmentsN);

    /// <summary>A warp group whose rows all pad keeps step with the others and leaves them the tensor cores.</summary>
    private void WritePassedStages()
    {
        _writer.Label("PASS");
        _writer.Code("add.u32 %t0, %barriers, %barrier;");
        WriteWait("%t0", "%phase", "UNREAD");
        WriteRelease("%signals", "%barrier");
        WriteEndOfStage("%todo", "PASS");
        WriteNextTile("MULTIPLYTILE");
    }

    /// <summary>Slots and router weights of the thread's two rows, and the expert, long before the epilogue wants them.</summary>
    private void WriteSlotsOfThread()
    {
        _writer.Code($"""
            shr.u32 %t0, %lane, 2;
            and.b32 %t1, %warpM, 3;
            mad.lo.u32 %t0, %t1, {_tile.WarpM}, %t0;
            add.u32 %t0, %t0, %groupRow;
            mul.wide.u32 %wide, %t0, 4;
            add.u64 %address, %sortedSlots, %wide;
            """);
        for (var half = 0; half < 2; half++)
        {
            _writer.Declare("b32", $"slot{half}");
            _writer.Code($"ld.global.u32 %slot{half}, [%address+{half * 8 * 4}];");
        }

        if (HasColumnNumbers) WriteExpertOfColumns();
        if (MultipliesBytes) WriteInputScalesOfThread();
        if (!WeightsOutput && !WeightsInput) return;
        for (var half = 0; half < 2; half++) _writer.Declare("f32", $"routerWeight{half}");
        WriteRouterWeightsOfSlots(2, "routerWeight", "f32");
    }

    private void WriteExpertOfColumns() => _writer.Code("""
        ld.param.u64 %address, [blockExperts];
        cvta.to.global.u64 %address, %address;
        mul.wide.u32 %wide, %blockM, 4;
        add.u64 %address, %address, %wide;
        ld.global.u32 %expert, [%address];
        """);

    private void WriteRouterWeightsOfSlots(int count, string register, string type)
    {
        _writer.Code("""
            ld.param.u64 %address, [routerWeights];
            cvta.to.global.u64 %address, %address;
            """);
        for (var i = 0; i < count; i++)
        {
            _writer.Code($"""
                setp.lt.u32 %outside, %slot{i}, %slots;
                mul.wide.u32 %wide, %slot{i}, 4;
                add.u64 %wide, %address, %wide;
                @%outside ld.global.{type} %{register}{i}, [%wide];
                """);
        }
    }
}
