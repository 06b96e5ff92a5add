using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Launch configurations of the experts' kernels.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ExpertsLaunch
{
    /// <summary>Maximum number of threads per thread block.</summary>
    public const int MaxThreads = 1024;

    /// <summary>Threads per block that adds up part of a token's row, eight columns per thread.</summary>
    public const int ThreadsPerRow = 128;

    /// <summary>Threads per block that streams rows of weights.</summary>
    public const int ThreadsOfRows = 128;

    /// <summary>Lanes that share a row of weights.</summary>
    public const int LanesPerRow = 32;

    /// <summary>Weight rows per tile.</summary>
    public const int TileRows = 64;

    /// <summary>Slots per tile if experts have few.</summary>
    public const int NarrowSlots = 16;

    /// <summary>Slots per tile if experts have many.</summary>
    public const int WideSlots = 64;

    private const int ThreadsOfItems = 256;

    /// <summary>The grid for one thread per item.</summary>
    internal static KernelConfig ForItems(Accelerator accelerator, long items)
    {
        var threads = Math.Min(ThreadsOfItems, accelerator.MaxNumThreadsPerGroup);
        return new KernelConfig(checked((int)((items + threads - 1) / threads)), threads);
    }

    /// <summary>The grid for one thread per eight columns of a row.</summary>
    internal static KernelConfig ForRows(int rows, int columns) => new(checked(rows * (((columns / 8) + ThreadsPerRow - 1) / ThreadsPerRow)), ThreadsPerRow);

    /// <summary>The largest power of two of threads, at most <paramref name="most"/>, that the device supports.</summary>
    internal static int PowerOfTwo(Accelerator accelerator, int most) => 1 << int.Log2(Math.Min(most, accelerator.MaxNumThreadsPerGroup));

    /// <summary>The grid for sorting the slots: one thread block.</summary>
    internal static KernelConfig ForSorting(Accelerator accelerator, long slots) =>
        new(1, Math.Min(slots > ThreadsOfItems ? MaxThreads : ThreadsOfItems, accelerator.MaxNumThreadsPerGroup));

    /// <summary>One thread block to sort the slots, others to round the hidden states.</summary>
    internal static KernelConfig ForPreparation(Accelerator accelerator, in DeclaredExperts shape, int tokens)
    {
        var threads = Math.Min(tokens * (long)shape.TopK > ThreadsOfItems ? MaxThreads : ThreadsOfItems, accelerator.MaxNumThreadsPerGroup);
        var parts = tokens * (((shape.HiddenSize / 2) + threads - 1) / threads);
        return new KernelConfig(1 + (int)Math.Min(parts, 2L * accelerator.NumMultiprocessors), (int)threads);
    }
}
