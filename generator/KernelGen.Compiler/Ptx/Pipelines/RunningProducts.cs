namespace KernelGen.Compiler.Ptx;

/// <summary>Products of a stage that are begun while those of the one before may still run.</summary>
internal static class RunningProducts
{
    /// <summary>Commits a stage's products, releases the stage before, and goes on with the next; behind the last one all are awaited.</summary>
    public static void WriteEndOfStage(PtxWriter writer, TileSchedule schedule, BarrierRing ring, Pred accumulate, Pred releases, B32 before, B32 todo)
    {
        writer.Comment("The stage before this one has been read.");
        writer.Code($"""
            wgmma.commit_group.sync.aligned;
            wgmma.wait_group.sync.aligned 1;
            and.pred {releases}, {accumulate}, {ring.Signals};
            """);
        ring.WriteRelease(releases, before);
        writer.Code($"mov.u32 {before}, {ring.Barrier};");
        ring.WriteNext();
        writer.Code($"""
            sub.u32 {todo}, {todo}, 1;
            setp.ne.u32 {accumulate}, {todo}, {schedule.Blocks};
            setp.ne.u32 {ring.More}, {todo}, 0;
            @{ring.More} bra NEXT;
            wgmma.wait_group.sync.aligned 0;
            """);
        ring.WriteRelease(ring.Signals, before);
    }
}
