namespace KernelGen.Tests;

/// <summary>An mbarrier: a phase ends when all arrivals have come and all expected bytes have landed.</summary>
internal sealed class PtxBarrier
{
    private const int MaxBytes = (1 << 20) - 1;

    private readonly int _arrivals;
    private int _missing;
    private int _bytes;
    private int _phase;

    public PtxBarrier(int arrivals) => _arrivals = _missing = arrivals;

    public bool HasPassed(ulong parity) => ((ulong)_phase & 1) != parity;

    public void Arrive()
    {
        if (_missing-- == 0) Assert.Fail($"more than {_arrivals} arrivals at a barrier");
        EndPhase();
    }

    public void Expect(int bytes)
    {
        _bytes += bytes;
        if (Math.Abs(_bytes) > MaxBytes) Assert.Fail($"a barrier expects {_bytes} bytes");
    }

    public void Land(int bytes)
    {
        Expect(-bytes);
        EndPhase();
    }

    public override string ToString() => $"phase {_phase}: {_missing} of {_arrivals} arrivals and {_bytes} bytes are missing";

    private void EndPhase()
    {
        if (_missing > 0 || _bytes != 0) return;
        _missing = _arrivals;
        _phase++;
    }

    public static PtxStep StepOf(string name, PtxOperand[] operands)
    {
        if (Begins("mbarrier.init")) return EachLane(0, (warp, address, lane) => warp.Group.AddBarrier(address, (int)warp.Values[operands[1].Row + lane]));
        if (Begins("mbarrier.arrive.expect_tx"))
        {
            return EachLane(1, (warp, address, lane) =>
            {
                var barrier = BarrierAt(warp, address);
                barrier.Expect((int)warp.Values[operands[2].Row + lane]);
                barrier.Arrive();
            });
        }

        if (Begins("mbarrier.arrive") && operands.Length == 2) return EachLane(1, (warp, address, _) => BarrierAt(warp, address).Arrive());
        if (Begins("mbarrier.try_wait.parity")) return Wait(operands);
        if (Begins("cp.async.mbarrier.arrive.noinc")) return EachLane(0, (warp, address, _) => warp.Copies.ArriveAfter(BarrierAt(warp, address)));
        throw new NotSupportedException(name);

        bool Begins(string start) => name.StartsWith(start, StringComparison.Ordinal);

        PtxStep EachLane(int operand, Action<PtxWarp, ulong, int> act) => (warp, lanes) =>
        {
            foreach (var lane in PtxSteps.LanesOf(lanes)) act(warp, operands[operand].Address(warp, lane), lane);
            return true;
        };

        PtxBarrier BarrierAt(PtxWarp warp, ulong address)
        {
            if (!name.Contains("shared::cluster", StringComparison.Ordinal) && address > PtxCluster.MaxLocal) Assert.Fail($"{name} with the address of another group");
            return warp.Group.Cluster.BarrierAt(warp.Group, address);
        }
    }

    private static PtxStep Wait(PtxOperand[] operands) => (warp, lanes) =>
    {
        foreach (var lane in PtxSteps.LanesOf(lanes))
        {
            if (!warp.Group.BarrierAt(operands[1].Address(warp, lane)).HasPassed(warp.Values[operands[2].Row + lane])) return false;
        }

        foreach (var lane in PtxSteps.LanesOf(lanes)) warp.Values[operands[0].Row + lane] = 1;
        return true;
    };
}

/// <summary>Where warps of a group, or of a cluster, wait for one another.</summary>
internal sealed class PtxMeeting
{
    private readonly int _threads;
    private int _missing;

    public PtxMeeting(int threads) => _threads = _missing = threads;

    /// <summary>How often all have met.</summary>
    public int Phase { get; private set; }

    public static PtxStep StepOf(string name, PtxOperand[] operands)
    {
        if (name.StartsWith("barrier.cluster.arrive", StringComparison.Ordinal))
        {
            return (warp, _) =>
            {
                Assert.Equal(-1, warp.ClusterPhase);
                warp.ClusterPhase = warp.Group.Cluster.Meeting.Arrive();
                return true;
            };
        }

        if (name.StartsWith("barrier.cluster.wait", StringComparison.Ordinal))
        {
            return (warp, _) =>
            {
                if (warp.Group.Cluster.Meeting.Phase == warp.ClusterPhase) return false;
                warp.ClusterPhase = -1;
                return true;
            };
        }

        return (warp, _) =>
        {
            var meeting = warp.Group.MeetingAt((int)operands[0].Uniform(warp), operands.Length == 1 ? warp.Group.Threads : (int)operands[1].Uniform(warp));
            if (warp.GroupPhase < 0) warp.GroupPhase = meeting.Arrive();
            if (meeting.Phase == warp.GroupPhase) return false;
            warp.GroupPhase = -1;
            return true;
        };
    }

    /// <summary>A warp comes.</summary>
    /// <returns>The phase whose end it awaits.</returns>
    private int Arrive()
    {
        var phase = Phase;
        _missing -= PtxProgram.Lanes;
        if (_missing == 0) (_missing, Phase) = (_threads, Phase + 1);
        return phase;
    }
}
