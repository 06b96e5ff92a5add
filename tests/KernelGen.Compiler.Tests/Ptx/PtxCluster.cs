namespace KernelGen.Tests;

/// <summary>
/// Groups that run together: their warps take turns of random length, and copies land at random, in one run of the cluster soon, in another as late as
/// they may.
/// </summary>
internal sealed class PtxCluster
{
    /// <summary>The greatest address of a group's own shared memory; those in a certain group have its number, from 1, above.</summary>
    public const ulong MaxLocal = (1 << GroupShift) - 1;

    private const int GroupShift = 24;

    private readonly List<(PtxWarp? Owner, Action Land)> _copies = [];
    private readonly PtxGroup[] _groups;
    private readonly PtxWarp[] _warps;
    private readonly Random _random;

    public PtxCluster(PtxProgram program, PtxGlobalMemory global, IReadOnlyList<PtxTensorMap> maps, PtxGrid grid, int firstGroup, int slice, Random random)
    {
        (Global, Maps, _random) = (global, maps, random);
        Meeting = new(program.Threads * program.Cluster);
        _groups = [.. Enumerable.Range(0, program.Cluster).Select(rank => new PtxGroup(program, this, rank, grid, firstGroup + rank, slice))];
        _warps = [.. _groups.SelectMany(group => group.Warps)];
    }

    public PtxGlobalMemory Global { get; }

    public IReadOnlyList<PtxTensorMap> Maps { get; }

    public PtxMeeting Meeting { get; }

    /// <summary>How many fences there have been.</summary>
    public int Now { get; set; }

    /// <summary>A group's address as all groups of the cluster have it.</summary>
    public static ulong AddressIn(ulong local, int rank) => (local & MaxLocal) | ((ulong)(rank + 1) << GroupShift);

    /// <summary>A group that has not ended.</summary>
    public PtxGroup GroupAt(int rank)
    {
        if (_groups[rank].HasEnded) Assert.Fail($"group {rank} has ended when another uses its shared memory");
        return _groups[rank];
    }

    public PtxBarrier BarrierAt(PtxGroup own, ulong address) => address > MaxLocal ? GroupAt((int)(address >> GroupShift) - 1).BarrierAt(address & MaxLocal) : own.BarrierAt(address);

    /// <summary>Begins a copy; those of one warp land one after the other.</summary>
    public void Begin(PtxWarp? owner, Action land) => _copies.Add((owner, land));

    /// <summary>A warp waits for its copies.</summary>
    public void EndAllOf(PtxWarp warp)
    {
        foreach (var (_, land) in _copies.FindAll(copy => copy.Owner == warp)) land();
        _copies.RemoveAll(copy => copy.Owner == warp);
    }

    /// <summary>Runs all groups to their end.</summary>
    public void Run()
    {
        int[] lengths = [7, 100, int.MaxValue];
        var (most, landing) = (lengths[_random.Next(lengths.Length)], _random.Next(3));
        while (!Array.TrueForAll(_warps, warp => warp.HasEnded))
        {
            var goesOn = false;
            var first = _random.Next(_warps.Length);
            for (var i = 0; i < _warps.Length; i++)
            {
                var warp = _warps[(first + i) % _warps.Length];
                goesOn |= !warp.HasEnded && warp.Run(most);
                for (var copies = _random.Next(_copies.Count + 1); landing > 0 && copies > 0; copies--)
                {
                    Land();
                    goesOn = true;
                }
            }

            if (goesOn) continue;
            if (_copies.Count == 0) Assert.Fail($"all warps wait:\n{string.Join('\n', _warps.Where(warp => !warp.HasEnded))}\n{string.Join('\n', _groups.Select(group => group.Barriers))}");
            Land();
        }

        Assert.True(_copies.Count == 0, "copies are under way when the groups have ended");
    }

    private void Land()
    {
        var owner = _copies[_random.Next(_copies.Count)].Owner;
        var next = owner is null ? _random.Next(_copies.Count) : 0;
        while (_copies[next].Owner != owner) next = (next + 1) % _copies.Count;
        var land = _copies[next].Land;
        _copies.RemoveAt(next);
        land();
    }
}

/// <summary>What all groups of a launch have.</summary>
internal sealed record PtxGrid(int Groups, int SharedBytes, ulong[] Arguments);

/// <summary>A group of threads: its warps, its shared memory and where they meet.</summary>
internal sealed class PtxGroup
{
    /// <summary>Registers that the hardware fills.</summary>
    public static readonly string[] Special = ["%tid.x", "%ctaid.x", "%ctaid.y", "%nctaid.x", "%cluster_ctarank"];

    private const int RegistersOfMultiprocessor = 65536;
    private const int MaxRegisters = 255;

    private readonly Dictionary<ulong, PtxBarrier> _barriers = [];
    private readonly Dictionary<int, PtxMeeting> _meetings = [];

    public PtxGroup(PtxProgram program, PtxCluster cluster, int rank, PtxGrid grid, int number, int slice)
    {
        (Cluster, Rank, Threads, Shared) = (cluster, rank, program.Threads, new(this, grid.SharedBytes));
        // As many as the assembler may use, in steps of eight.
        RegistersOfThread = Math.Min(RegistersOfMultiprocessor / Threads, MaxRegisters + 1) / 8 * 8;
        FreeRegisters = RegistersOfMultiprocessor - (Threads * RegistersOfThread);
        var values = program.InitialValues();
        Set("%ctaid.x", (ulong)number);
        Set("%ctaid.y", (ulong)slice);
        Set("%nctaid.x", (ulong)grid.Groups);
        Set("%cluster_ctarank", (ulong)rank);
        Set("stageMemory", PtxSharedMemory.Base);
        foreach (var (name, argument) in program.Parameters.Zip(grid.Arguments)) Set(name, argument);
        Warps = [.. Enumerable.Range(0, Threads / PtxProgram.Lanes).Select(Warp)];

        void Set(string name, ulong value)
        {
            if (program.Rows.TryGetValue(name, out var row)) values.AsSpan(row, PtxProgram.Lanes).Fill(value);
        }

        PtxWarp Warp(int warp)
        {
            ulong[] own = [.. values];
            for (var lane = 0; lane < PtxProgram.Lanes; lane++) own[program.Rows["%tid.x"] + lane] = (ulong)((warp * PtxProgram.Lanes) + lane);
            return new(program, this, warp, own);
        }
    }

    public PtxCluster Cluster { get; }

    public int Rank { get; }

    public int Threads { get; }

    /// <summary>Registers that each thread begins with.</summary>
    public int RegistersOfThread { get; }

    /// <summary>Registers that no warp has.</summary>
    public int FreeRegisters { get; set; }

    public PtxSharedMemory Shared { get; }

    public PtxWarp[] Warps { get; }

    /// <summary>What each warp group has multiplied, which its warps do one after the other.</summary>
    public Dictionary<int, List<(ulong A, ulong B, bool Adds)>> Products { get; } = [];

    public bool HasEnded => Array.TrueForAll(Warps, warp => warp.HasEnded);

    /// <summary>How the barriers stand.</summary>
    public string Barriers => string.Join('\n', _barriers.Select(pair => $"group {Rank}, barrier at {pair.Key}, {pair.Value}"));

    public void AddBarrier(ulong address, int arrivals)
    {
        Shared.Reserve(address);
        Assert.True(_barriers.TryAdd(address, new(arrivals)), $"there is a barrier at {address}");
    }

    public PtxBarrier BarrierAt(ulong address)
    {
        if (!_barriers.TryGetValue(address, out var barrier)) Assert.Fail($"there is no barrier at {address}");
        return barrier;
    }

    public PtxMeeting MeetingAt(int number, int threads)
    {
        if (!_meetings.TryGetValue(number, out var meeting)) _meetings.Add(number, meeting = new(threads));
        return meeting;
    }
}
