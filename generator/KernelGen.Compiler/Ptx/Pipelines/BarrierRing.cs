namespace KernelGen.Compiler.Ptx;

/// <summary>
/// Stages between warp groups that copy and others that multiply. They meet at two mbarriers a stage: <c>full</c> when the copies have landed, <c>empty</c> when every warp
/// that reads the stage has; in a cluster that is every warp of both thread blocks, whose weights are fetched together.
/// </summary>
internal sealed class BarrierRing
{
    private const int LanesOfWarp = 32;

    private const string WaitForCluster = """
        barrier.cluster.arrive.release;
        barrier.cluster.wait.acquire;
        """;

    private readonly PtxWriter _writer;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly int _stageBytes;
    private readonly bool _lanesReadStages;
    private readonly B32 _barriers;
    private readonly B32 _phase;
    private readonly B32 _flipped;
    private readonly B32 _empty;
    private readonly B32 _emptyOfOther;
    private readonly Pred _wrap;

    /// <summary>Declares the registers of the stages.</summary>
    /// <param name="lanesReadStages">
    /// Whether lanes load scales from a stage, beside what tensor cores read. Each of them then releases the stage: one lane could for all behind
    /// <c>bar.warp.sync</c>, but compute-sanitizer's racecheck takes an arrival for its own thread's alone.
    /// </param>
    public BarrierRing(PtxWriter writer, GroupedGemmTile tile, Scratch scratch, int stageBytes, bool lanesReadStages)
    {
        (_writer, _tile, _scratch, _stageBytes, _lanesReadStages) = (writer, tile, scratch, stageBytes, lanesReadStages);
        (Shared, _barriers, Stage, Barrier, _phase) = (writer.B32("shared"), writer.B32("barriers"), writer.B32("stage"), writer.B32("barrier"), writer.B32("phase"));
        (IsFirst, More, _wrap, Full, _flipped, _empty) = (writer.Pred("isFirst"), writer.Pred("more"), writer.Pred("wrap"), writer.B32("full"), writer.B32("flipped"), writer.B32("empty"));
        if (SignallingLanes > 0) Signals = writer.Pred("signals");
        if (IsClustered && lanesReadStages) _emptyOfOther = writer.B32("emptyOfOther");
    }

    /// <summary>Where the stages begin: at a multiple of 1024 bytes.</summary>
    public B32 Shared { get; }

    /// <summary>The present stage.</summary>
    public B32 Stage { get; }

    /// <summary>Its barrier.</summary>
    public B32 Barrier { get; }

    /// <summary>Whether the thread is the first one.</summary>
    public Pred IsFirst { get; }

    /// <summary>Whether any stage is left.</summary>
    public Pred More { get; }

    /// <summary>The full barrier of the stage that is filled.</summary>
    public B32 Full { get; }

    /// <summary>Lanes that signal an empty barrier: the first for the first thread block of the cluster, the second for the second, or one for the other thread block.</summary>
    public Pred Signals { get; }

    private bool IsClustered => _tile.Cluster > 1;

    private int BarriersBytes => GroupedGemmTile.BarrierBytes * _tile.Stages;

    private int SignallingLanes => _lanesReadStages ? _tile.Cluster - 1 : _tile.Cluster;

    private int ReleasesOfWarp => _lanesReadStages ? LanesOfWarp + SignallingLanes : SignallingLanes;

    /// <summary>Finds where shared memory starts.</summary>
    public void WriteSetup(B32 thread) => _writer.Code($"""
        setp.eq.u32 {IsFirst}, {thread}, 0;
        mov.u32 {Shared}, stageMemory;
        add.u32 {Shared}, {Shared}, 1023;
        and.b32 {Shared}, {Shared}, -1024;
        add.u32 {_barriers}, {Shared}, {_stageBytes * _tile.Stages};
        """);

    /// <summary>Initialises the barriers.</summary>
    /// <param name="fillers">Threads that arrive at a full barrier; at an empty one every warp that multiplies does, or all of its lanes.</param>
    public void WriteBarriers(int fillers)
    {
        _writer.Comment("The full barriers, then the empty ones.");
        for (var stage = 0; stage < _tile.Stages; stage++)
        {
            _writer.Code($"""
                @{IsFirst} mbarrier.init.shared.b64 [{_barriers}+{GroupedGemmTile.BarrierBytes * stage}], {fillers};
                @{IsFirst} mbarrier.init.shared.b64 [{_barriers}+{BarriersBytes + (GroupedGemmTile.BarrierBytes * stage)}], {_tile.WarpsM * _tile.WarpsN * ReleasesOfWarp};
                """);
        }

        _writer.Code($"""
            @{IsFirst} fence.mbarrier_init.release.cluster;
            {(IsClustered ? WaitForCluster : "bar.sync 0;")}
            """);
    }

    /// <summary>Begins with the first stage.</summary>
    public void WriteFirstStage() => _writer.Code($"""
        mov.u32 {Stage}, 0;
        mov.u32 {Barrier}, 0;
        mov.u32 {_phase}, 0;
        """);

    /// <summary>No thread block leaves a cluster while the other may still write to its shared memory.</summary>
    public void WriteEnd()
    {
        if (!IsClustered) return;
        _writer.Comment("Nobody leaves while the other group may still write into its shared memory.");
        _writer.Code(WaitForCluster);
    }

    /// <summary>Waits until the stage's last products have been multiplied; its full barrier is then the one to arrive at.</summary>
    public void WriteWaitForRoom(string label)
    {
        _writer.Code($"""
            add.u32 {Full}, {_barriers}, {Barrier};
            xor.b32 {_flipped}, {_phase}, 1;
            """);
        WriteWait($"{Full}+{BarriersBytes}", _flipped, label);
    }

    /// <summary>Waits until the stage has been filled.</summary>
    public void WriteWaitForStage(string label)
    {
        _writer.Code($"add.u32 {_scratch.T0}, {_barriers}, {Barrier};");
        WriteWait(_scratch.T0.ToString(), _phase, label);
    }

    /// <summary>Moves on to the next stage.</summary>
    public void WriteNext() => _writer.Code($"""
        add.u32 {Barrier}, {Barrier}, {GroupedGemmTile.BarrierBytes};
        add.u32 {Stage}, {Stage}, {_stageBytes};
        setp.eq.u32 {_wrap}, {Barrier}, {BarriersBytes};
        @{_wrap} mov.u32 {Barrier}, 0;
        @{_wrap} mov.u32 {Stage}, 0;
        @{_wrap} xor.b32 {_phase}, {_phase}, 1;
        """);

    /// <summary>Counts a stage of those that are left, and goes on at a label if there are more.</summary>
    public void WriteRepeat(B32 left, string label) => _writer.Code($"""
        sub.u32 {left}, {left}, 1;
        setp.ne.u32 {More}, {left}, 0;
        @{More} bra {label};
        """);

    /// <summary>Finds the barriers that tell of a stage that has been read.</summary>
    public void WriteReleaseSetup(B32 lane, B32 rank)
    {
        _writer.Code($"add.u32 {_empty}, {_barriers}, {BarriersBytes};");
        if (SignallingLanes > 0) _writer.Code($"setp.lt.u32 {Signals}, {lane}, {SignallingLanes};");
        if (!IsClustered) return;
        _writer.Code(_lanesReadStages
            ? $"""
              xor.b32 {_scratch.T0}, {rank}, 1;
              mapa.shared::cluster.u32 {_emptyOfOther}, {_empty}, {_scratch.T0};
              """
            : $"""
              and.b32 {_scratch.T0}, {lane}, 1;
              mapa.shared::cluster.u32 {_empty}, {_empty}, {_scratch.T0};
              """);
    }

    /// <summary>Tells that the stage of a barrier has been read.</summary>
    public void WriteRelease(Pred condition, B32 barrier)
    {
        if (!_lanesReadStages)
        {
            WriteSignal(_empty);
            return;
        }

        _writer.Code($"""
            add.u32 {_scratch.T0}, {_empty}, {barrier};
            mbarrier.arrive.shared.b64 _, [{_scratch.T0}];
            """);
        if (IsClustered) WriteSignal(_emptyOfOther);

        void WriteSignal(B32 barriers) => _writer.Code($"""
            add.u32 {_scratch.T0}, {barriers}, {barrier};
            @{condition} mbarrier.arrive{(IsClustered ? ".shared::cluster" : ".shared")}.b64 _, [{_scratch.T0}];
            """);
    }

    private void WriteWait(string barrier, B32 phase, string label) => _writer.Loop(label, !More, () => _writer.Code($"mbarrier.try_wait.parity.shared.b64 {More}, [{barrier}], {phase};"));
}
