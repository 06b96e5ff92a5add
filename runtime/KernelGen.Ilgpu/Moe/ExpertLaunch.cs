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

    /// <summary>Threads of a group that adds up part of a token's row, eight columns a thread.</summary>
    public const int ThreadsOfRow = 128;

    private const int ThreadsOfItems = 256;

    /// <summary>Groups for a thread an item.</summary>
    internal static KernelConfig ForItems(Accelerator accelerator, long items)
    {
        var threads = Math.Min(ThreadsOfItems, accelerator.MaxNumThreadsPerGroup);
        return new KernelConfig(checked((int)((items + threads - 1) / threads)), threads);
    }

    /// <summary>Groups for eight columns of a row a thread.</summary>
    internal static KernelConfig ForRows(int rows, int columns) => new(checked(rows * (((columns / 8) + ThreadsOfRow - 1) / ThreadsOfRow)), ThreadsOfRow);

    /// <summary>One group to sort the slots, others to round the hidden states.</summary>
    internal static KernelConfig ForPreparation(Accelerator accelerator, in ExpertShape shape, int tokens)
    {
        var threads = Math.Min(tokens * (long)shape.TopK > ThreadsOfItems ? MostThreads : ThreadsOfItems, accelerator.MaxNumThreadsPerGroup);
        var parts = tokens * (((shape.HiddenSize / 2) + threads - 1) / threads);
        return new KernelConfig(1 + (int)Math.Min(parts, 2L * accelerator.NumMultiprocessors), (int)threads);
    }
}
