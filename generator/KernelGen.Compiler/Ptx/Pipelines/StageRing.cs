namespace KernelGen.Compiler.Ptx;

/// <summary>Stages of shared memory that all threads fill with <c>cp.async</c>, a few ahead of the one that is multiplied.</summary>
internal sealed class StageRing(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, int stageBytes)
{
    private readonly B32 _ahead = writer.B32("ahead");
    private readonly B32 _done = writer.B32("done");
    private readonly Pred _more = writer.Pred("more");
    private readonly Pred _wrap = writer.Pred("wrap");

    /// <summary>Where the stages begin: at a multiple of 1024 bytes.</summary>
    public B32 Shared { get; } = writer.B32("shared");

    /// <summary>The stage that is filled.</summary>
    public B32 In { get; } = writer.B32("stageIn");

    /// <summary>The stage that is multiplied.</summary>
    public B32 Out { get; } = writer.B32("stageOut");

    private int StagesAhead => tile.Stages - 1;

    /// <summary>Finds where shared memory starts.</summary>
    public void WriteSetup()
    {
        writer.Comment("A thread copies one 16-byte chunk of every few rows.");
        writer.Code($"""
            mov.u32 {Shared}, stageMemory;
            add.u32 {Shared}, {Shared}, 1023;
            and.b32 {Shared}, {Shared}, -1024;
            """);
    }

    /// <summary>Fills the first stages, at most as many as the slice has blocks. A chained second GEMM begins with its weights.</summary>
    public void WriteFirstStages(B32 blocks, StageOperands operands)
    {
        writer.Comment("The first stages.");
        writer.Code($"mov.u32 {In}, 0;");
        if (tile.Chained && !shape.IsGateUp)
        {
            WriteStages(blocks, "FETCHED", operands.WriteWeightCopies, commits: false);
            Chain.WriteWaitForIntermediate(writer);
            writer.Code($"mov.u32 {In}, 0;");
            WriteStages(blocks, "FILLED", operands.WriteInputCopies, commits: true);
        }
        else
        {
            for (var stage = 0; stage < StagesAhead; stage++)
            {
                WriteFirstStage(stage, blocks, "FILLED", () => WriteCopies(operands));
                writer.Code("cp.async.commit_group;");
            }
        }

        writer.Code($"""
            mov.u32 {Out}, 0;
            mov.u32 {_done}, 0;
            mov.u32 {_ahead}, {StagesAhead};
            """);
    }

    /// <summary>From stage to stage: waits for the oldest one, starts to fill the one that is free, multiplies.</summary>
    public void WriteLoop(B32 blocks, StageOperands operands, Action multiply) => writer.Loop("NEXT", _more, () =>
    {
        writer.Code($"""
            cp.async.wait_group {StagesAhead - 1};
            bar.sync 0;
            setp.lt.u32 {_more}, {_ahead}, {blocks};
            """);
        writer.If(_more, "COPIED", () => WriteCopies(operands));
        writer.Code($"""
            cp.async.commit_group;
            add.u32 {_ahead}, {_ahead}, 1;
            """);
        multiply();
        WriteNext(Out);
        writer.Code($"""
            add.u32 {_done}, {_done}, 1;
            setp.lt.u32 {_more}, {_done}, {blocks};
            """);
    });

    private void WriteStages(B32 blocks, string label, Action copies, bool commits)
    {
        for (var stage = 0; stage < StagesAhead; stage++)
        {
            WriteFirstStage(stage, blocks, label, copies);
            WriteNext(In);
            if (commits) writer.Code("cp.async.commit_group;");
        }
    }

    private void WriteCopies(StageOperands operands)
    {
        operands.WriteCopies();
        WriteNext(In);
    }

    private void WriteFirstStage(int stage, B32 blocks, string label, Action copies)
    {
        if (stage < shape.Reduction / tile.BlockK / tile.SplitK)
        {
            copies();
            return;
        }

        writer.Code($"setp.gt.u32 {_more}, {blocks}, {stage};");
        writer.If(_more, $"{label}{stage}", copies);
    }

    private void WriteNext(B32 stage) => writer.Code($"""
        add.u32 {stage}, {stage}, {stageBytes};
        setp.eq.u32 {_wrap}, {stage}, {stageBytes * tile.Stages};
        selp.b32 {stage}, 0, {stage}, {_wrap};
        """);
}
