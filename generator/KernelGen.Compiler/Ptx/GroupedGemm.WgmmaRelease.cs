namespace KernelGen.Compiler.Ptx;

/// <content>What tells the copying warp group that a stage has been read: arrivals at its empty barrier, in a cluster at those of both groups, whose weights were fetched together.</content>
public sealed partial class GroupedGemm
{
    private const int LanesOfWarp = 32;

    /// <summary>
    /// Whether lanes load scales from a stage, beside what tensor cores read. Each of them then releases the stage: one lane could for all behind
    /// <c>bar.warp.sync</c>, but compute-sanitizer's racecheck takes an arrival for its own thread's alone.
    /// </summary>
    private bool LanesReadStages => HasGroups;

    /// <summary>Lanes that signal a barrier: the first for the first group of the cluster, the second for the second, or one for the other group.</summary>
    private int SignallingLanes => LanesReadStages ? _tile.Cluster - 1 : _tile.Cluster;

    private int ReleasesOfWarp => LanesReadStages ? LanesOfWarp + SignallingLanes : SignallingLanes;

    private void WriteReleaseSetup()
    {
        _writer.Declare("b32", "empty");
        _writer.Code($"add.u32 %empty, %barriers, {BarriersBytes};");
        if (SignallingLanes > 0)
        {
            _writer.Declare("pred", "signals");
            _writer.Code($"setp.lt.u32 %signals, %lane, {SignallingLanes};");
        }

        if (!IsClustered) return;
        if (LanesReadStages) _writer.Declare("b32", "emptyOfOther");
        _writer.Code(LanesReadStages
            ? """
              xor.b32 %t0, %rank, 1;
              mapa.shared::cluster.u32 %emptyOfOther, %empty, %t0;
              """
            : """
              and.b32 %t0, %lane, 1;
              mapa.shared::cluster.u32 %empty, %empty, %t0;
              """);
    }

    private void WriteRelease(string condition, string barrier)
    {
        if (!LanesReadStages)
        {
            WriteSignal("empty");
            return;
        }

        _writer.Code($"""
            add.u32 %t0, %empty, {barrier};
            mbarrier.arrive.shared.b64 _, [%t0];
            """);
        if (IsClustered) WriteSignal("emptyOfOther");

        void WriteSignal(string barriers) => _writer.Code($"""
            add.u32 %t0, %{barriers}, {barrier};
            @{condition} mbarrier.arrive{(IsClustered ? ".shared::cluster" : ".shared")}.b64 _, [%t0];
            """);
    }
}
