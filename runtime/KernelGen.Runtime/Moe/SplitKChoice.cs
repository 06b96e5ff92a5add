using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Chooses among the declared numbers of Split-K slices.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class SplitKChoice
{
    /// <summary>The number that was asked for or, when that is 0, the fewest slices that occupy every processor.</summary>
    /// <param name="asked">The caller's number; 0 leaves the choice open.</param>
    /// <param name="workItems">Work items of the call without slices.</param>
    /// <param name="declared">The declared numbers, the fewest first.</param>
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
