namespace KernelGen.Compiler.Specialization;

/// <summary>How control leaves a statement.</summary>
internal enum Flow
{
    /// <summary>The next statement runs.</summary>
    Falls,

    /// <summary>Never to the next statement: return, throw, or a jump that remains in the specialised code.</summary>
    Ends,

    /// <summary>Out of the innermost unrolled loop or pruned switch.</summary>
    Breaks,

    /// <summary>To the next copy of the innermost unrolled loop.</summary>
    Continues,
}

/// <summary>What <c>break</c> and <c>continue</c> refer to at this point of a body.</summary>
internal sealed class JumpTargets
{
    private readonly Stack<Target> _targets = new();

    /// <summary>Number of enclosing statements that run their body under a condition of run time.</summary>
    private int _conditions;

    /// <summary>Whether an unrolled loop encloses the point.</summary>
    public bool InUnrolled => _targets.Any(target => target is { IsStatic: true, IsLoop: true });

    /// <summary>Whether the innermost switch is pruned.</summary>
    public bool InPrunedSwitch => _targets.FirstOrDefault(target => !target.IsLoop) is { IsStatic: true };

    /// <summary>Enters a loop or switch that specialisation resolves.</summary>
    public void EnterStatic(bool isLoop) => _targets.Push(new Target(true, isLoop, _conditions));

    /// <summary>Enters a loop or switch that stays one.</summary>
    public void EnterRuntime(bool isLoop)
    {
        _targets.Push(new Target(false, isLoop, _conditions));
        _conditions++;
    }

    public void Leave()
    {
        if (!_targets.Pop().IsStatic) _conditions--;
    }

    /// <summary>Enters a statement that may run or not: a branch of a run-time <c>if</c>, a <c>try</c>.</summary>
    public void EnterCondition() => _conditions++;

    public void LeaveCondition() => _conditions--;

    /// <summary>What a jump does here; null when it would leave an unrolled loop under a run-time condition.</summary>
    public Flow? Resolve(bool isContinue)
    {
        foreach (var target in _targets)
        {
            if (isContinue && !target.IsLoop) continue;
            if (!target.IsStatic) return Flow.Ends;
            if (target.Conditions != _conditions) return null;
            return isContinue ? Flow.Continues : Flow.Breaks;
        }

        return Flow.Ends;
    }

    private sealed record Target(bool IsStatic, bool IsLoop, int Conditions);
}
