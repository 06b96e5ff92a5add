using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Selects one of the declared Split-K slice counts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class SplitKChoice
{
    /// <summary>Returns the requested slice count or, if that is 0, the fewest slices that occupy every thread.</summary>
    /// <param name="asked">The requested count; 0 leaves the choice open.</param>
    /// <param name="workItems">Number of work items without Split-K.</param>
    /// <param name="declared">The declared counts in ascending order.</param>
    public static int Of(int asked, long workItems, ReadOnlySpan<int> declared)
    {
        if (asked != 0) return asked;
        foreach (var slices in declared)
        {
            if (workItems * slices >= CpuWorkers.MaxThreads) return slices;
        }

        return declared[^1];
    }
}
