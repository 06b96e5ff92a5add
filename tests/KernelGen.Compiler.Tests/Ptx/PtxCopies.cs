namespace KernelGen.Tests;

/// <summary>The copies to shared memory that a warp's threads have under way: they land when somebody waits for them, or any time before.</summary>
internal sealed class PtxCopies(PtxWarp warp)
{
    private readonly Queue<List<Copy>> _groups = [];
    private List<Copy> _uncommitted = [];

    private readonly record struct Copy(ulong To, ulong From, int Size, int Bytes);

    public static PtxStep StepOf(string name, PtxOperand[] operands)
    {
        if (name.StartsWith("cp.async.c", StringComparison.Ordinal) && name.Contains(".shared.global", StringComparison.Ordinal))
        {
            return (warp, lanes) =>
            {
                foreach (var lane in PtxSteps.LanesOf(lanes))
                {
                    var size = (int)warp.Values[operands[2].Row];
                    warp.Copies.Begin(new(operands[0].Address(warp, lane), operands[1].Address(warp, lane), size, operands.Length == 4 ? (int)warp.Values[operands[3].Row + lane] : size));
                }

                return true;
            };
        }

        return name switch
        {
            "cp.async.commit_group" => Once(copies => copies.Commit()),
            "cp.async.wait_group" => (warp, _) =>
            {
                warp.Copies.Wait((int)operands[0].Uniform(warp));
                return true;
            },
            "cp.async.wait_all" => Once(copies => copies.WaitForAll()),
            _ => throw new NotSupportedException(name),
        };

        static PtxStep Once(Action<PtxCopies> act) => (warp, _) =>
        {
            act(warp.Copies);
            return true;
        };
    }

    /// <summary>A lane's copies up to now, when they have landed, arrive at a barrier.</summary>
    public void ArriveAfter(PtxBarrier barrier)
    {
        var copies = _uncommitted;
        _uncommitted = [];
        warp.Group.Cluster.Begin(warp, () =>
        {
            Land(copies);
            barrier.Arrive();
        });
    }

    private void Begin(Copy copy)
    {
        if (copy.Bytes > 0) warp.Group.Cluster.Global.At(copy.From, copy.Size, warp);
        warp.Group.Shared.Await(copy.To, copy.Size);
        _uncommitted.Add(copy);
    }

    private void Commit()
    {
        _groups.Enqueue(_uncommitted);
        _uncommitted = [];
    }

    private void Wait(int left)
    {
        while (_groups.Count > left) Land(_groups.Dequeue());
    }

    private void WaitForAll()
    {
        Commit();
        Wait(0);
        warp.Group.Cluster.EndAllOf(warp);
    }

    // Zeros fill up what is not copied.
    private void Land(List<Copy> copies)
    {
        foreach (var (to, from, size, bytes) in copies)
        {
            var target = warp.Group.Shared.Land(to, size, warp);
            target.Clear();
            if (bytes > 0) warp.Group.Cluster.Global.At(from, size, warp)[..bytes].CopyTo(target);
        }
    }
}
