using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>How many threads the experts' kernels are launched with.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ExpertLaunch
{
    /// <summary>Most threads of a group.</summary>
    public const int MostThreads = 1024;

    private const int ThreadsOfItems = 256;

    /// <summary>Groups for a thread an item.</summary>
    internal static KernelConfig ForItems(Accelerator accelerator, long items)
    {
        var threads = Math.Min(ThreadsOfItems, accelerator.MaxNumThreadsPerGroup);
        return new KernelConfig(checked((int)((items + threads - 1) / threads)), threads);
    }

    /// <summary>One group to sort the slots, others to round the hidden states.</summary>
    internal static KernelConfig ForPreparation(Accelerator accelerator, in ExpertShape shape, int tokens)
    {
        var threads = Math.Min(tokens * (long)shape.TopK > ThreadsOfItems ? MostThreads : ThreadsOfItems, accelerator.MaxNumThreadsPerGroup);
        var pairs = tokens * (long)(shape.HiddenSize / 2);
        var groups = Math.Min((pairs + threads - 1) / threads, 2L * accelerator.NumMultiprocessors);
        return new KernelConfig(1 + (int)groups, (int)threads);
    }
}
