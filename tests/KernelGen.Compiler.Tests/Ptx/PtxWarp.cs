namespace KernelGen.Tests;

/// <summary>A warp: the values of its 32 lanes, and where they stand. Lanes that stand at the same instruction execute it together.</summary>
internal sealed class PtxWarp
{
    private const int MaxInstructions = 2_000_000;

    private readonly PtxInstruction[] _program;
    private readonly List<(int Place, uint Lanes)> _paths = [(0, uint.MaxValue)];
    private int _executed;
    private int _registers;

    public PtxWarp(PtxProgram program, PtxGroup group, int number, ulong[] values)
    {
        (_program, Group, Number, Values) = (program.Instructions, group, number, values);
        _registers = group.RegistersOfThread;
        (Copies, Products) = (new PtxCopies(this), new PtxWgmma(this));
    }

    public PtxGroup Group { get; }

    /// <summary>Its number in its group.</summary>
    public int Number { get; }

    /// <summary>Rows of 32 values, as the program numbers them.</summary>
    public ulong[] Values { get; }

    public PtxCopies Copies { get; }

    public PtxWgmma Products { get; }

    /// <summary>When the warp last let the tensor cores see what was written.</summary>
    public int FencedAt { get; private set; }

    /// <summary>The phase of its group's meeting that the warp waits for; −1 while it has not come.</summary>
    public int GroupPhase { get; set; } = -1;

    /// <summary>The phase of its cluster's meeting that the warp waits for; −1 while it has not come.</summary>
    public int ClusterPhase { get; set; } = -1;

    /// <summary>Whether it has waited for the kernel before to end.</summary>
    public bool AwaitedKernelBefore { get; private set; }

    public bool HasEnded => _paths.Count == 0;

    public static bool Fence(PtxWarp warp, uint lanes)
    {
        warp.FencedAt = ++warp.Group.Cluster.Now;
        return true;
    }

    public static bool AwaitKernelBefore(PtxWarp warp, uint lanes) => warp.AwaitedKernelBefore = true;

    /// <summary>Returns registers to the group, or waits until there are more.</summary>
    public static PtxStep SetRegisters(PtxOperand perThread) => (warp, _) =>
    {
        var registers = (int)perThread.Uniform(warp);
        var more = PtxProgram.Lanes * (registers - warp._registers);
        if (more > warp.Group.FreeRegisters) return false;
        warp.Group.FreeRegisters -= more;
        warp._registers = registers;
        return true;
    };

    /// <summary>Executes some instructions, fewer if all lanes have to wait.</summary>
    /// <returns>Whether it executed any.</returns>
    public bool Run(int instructions)
    {
        var waiting = 0u;
        for (var done = 0; done < instructions; done++)
        {
            if (_executed++ > MaxInstructions) Assert.Fail($"a warp runs for ever:\n{this}");
            var (place, lanes) = Foremost(waiting);
            if (lanes == 0) return done > 0;
            while (!Execute(_program[place], place, lanes))
            {
                waiting |= lanes;
                (place, lanes) = Foremost(waiting);
                if (lanes == 0) return done > 0;
            }
        }

        return true;
    }

    /// <summary>Where the lanes stand.</summary>
    public override string ToString() =>
        string.Join("\n", _paths.Select(path => $"group {Group.Rank}, warp {Number}, lanes {path.Lanes:x8}: {(path.Place < _program.Length ? _program[path.Place].Text : "end")}"));

    private (int Place, uint Lanes) Foremost(uint waiting)
    {
        var foremost = (Place: int.MaxValue, Lanes: 0u);
        foreach (var path in _paths)
        {
            if ((path.Lanes & waiting) != path.Lanes && path.Place < foremost.Place) foremost = path;
        }

        return foremost;
    }

    private bool Execute(PtxInstruction instruction, int place, uint lanes)
    {
        // Lanes that another path still brings are waited for.
        if (instruction.IsCollective && lanes != uint.MaxValue) return false;
        var active = Active(instruction, lanes);
        if (instruction.IsCollective && active != 0 && active != lanes) Assert.Fail($"{instruction.Text} needs all lanes");
        if (instruction.Sums.Length > 0) Products.Touch(instruction.Sums, instruction);
        if (active != 0 && !instruction.Step(this, active)) return false;
        _paths.Remove((place, lanes));
        if (instruction.Target >= 0)
        {
            Join(instruction.Target, active);
            active ^= lanes;
        }
        else if (!instruction.IsExit)
        {
            active = lanes;
        }
        else
        {
            active ^= lanes;
        }

        Join(place + 1, active);
        if (HasEnded) Products.AssertDone();
        return true;
    }

    private void Join(int place, uint lanes)
    {
        if (lanes == 0) return;
        for (var i = 0; i < _paths.Count; i++)
        {
            if (_paths[i].Place != place) continue;
            _paths[i] = (place, _paths[i].Lanes | lanes);
            return;
        }

        _paths.Add((place, lanes));
    }

    private uint Active(PtxInstruction instruction, uint lanes)
    {
        if (instruction.Predicate < 0) return lanes;
        var active = 0u;
        var values = Values.AsSpan(instruction.Predicate, PtxProgram.Lanes);
        for (var lane = 0; lane < values.Length; lane++)
        {
            if ((values[lane] != 0) != instruction.IsNegated) active |= 1u << lane;
        }

        return active & lanes;
    }
}
