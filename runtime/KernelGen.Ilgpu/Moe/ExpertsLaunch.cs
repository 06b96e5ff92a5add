using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>How many threads the experts' kernels are launched with.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ExpertsLaunch
{
    /// <summary>Most threads of a group.</summary>
    public const int MaxThreads = 1024;

    /// <summary>Threads of a group that adds up part of a token's row, eight columns a thread.</summary>
    public const int ThreadsOfRow = 128;

    /// <summary>Threads of a group that streams rows of weights.</summary>
    public const int ThreadsOfRows = 128;

    /// <summary>Lanes that share a row of weights.</summary>
    public const int LanesOfRow = 32;

    /// <summary>Rows of weights of a tile.</summary>
    public const int TileRows = 64;

    /// <summary>Slots of a tile where experts have few.</summary>
    public const int NarrowSlots = 16;

    /// <summary>Slots of a tile where experts have many.</summary>
    public const int WideSlots = 64;

    private const int ThreadsOfItems = 256;

    /// <summary>Groups for a thread an item.</summary>
    internal static KernelConfig ForItems(Accelerator accelerator, long items)
    {
        var threads = Math.Min(ThreadsOfItems, accelerator.MaxNumThreadsPerGroup);
        return new KernelConfig(checked((int)((items + threads - 1) / threads)), threads);
    }

    /// <summary>Groups for eight columns of a row a thread.</summary>
    internal static KernelConfig ForRows(int rows, int columns) => new(checked(rows * (((columns / 8) + ThreadsOfRow - 1) / ThreadsOfRow)), ThreadsOfRow);

    /// <summary>A power of two of threads, as many as there may be of <paramref name="most"/>.</summary>
    internal static int PowerOfTwo(Accelerator accelerator, int most) => 1 << int.Log2(Math.Min(most, accelerator.MaxNumThreadsPerGroup));

    /// <summary>One group to sort the slots.</summary>
    internal static KernelConfig ForSorting(Accelerator accelerator, long slots) =>
        new(1, Math.Min(slots > ThreadsOfItems ? MaxThreads : ThreadsOfItems, accelerator.MaxNumThreadsPerGroup));

    /// <summary>One group to sort the slots, others to round the hidden states.</summary>
    internal static KernelConfig ForPreparation(Accelerator accelerator, in DeclaredExperts shape, int tokens)
    {
        var threads = Math.Min(tokens * (long)shape.TopK > ThreadsOfItems ? MaxThreads : ThreadsOfItems, accelerator.MaxNumThreadsPerGroup);
        var parts = tokens * (((shape.HiddenSize / 2) + threads - 1) / threads);
        return new KernelConfig(1 + (int)Math.Min(parts, 2L * accelerator.NumMultiprocessors), (int)threads);
    }
}
