using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Fill = System.Action<ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<int>, ILGPU.ArrayView<ulong>, KernelGen.Ilgpu.SlotSortSizes>;
using Rounds = System.Action<ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<ulong>, int, int>;

namespace KernelGen.Ilgpu;

/// <summary>
/// Sorts the slots of a call by expert, stably: an entry has the expert in its upper half and the slot in its
/// lower half. A bitonic network: all entries differ, so every device gives the same result, without atomics.
/// </summary>
internal static class SlotSort
{
    private const string Name = "sorting slots by expert";
    private const int ThreadsOfTile = 512;
    private const int Tile = 2 * ThreadsOfTile;

    private static readonly DeviceKernel<Fill> FillKernel = new(Name, FillEntries);
    private static readonly DeviceKernel<Rounds> StepKernel = new(Name, Step);
    private static readonly DeviceKernel<Rounds> TileKernel = new(Name, SortTile, Tile * sizeof(ulong));

    /// <summary>Number of entries that a call needs: whole tiles, a power of two.</summary>
    public static long Room(int slots) => (long)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(slots, Tile));

    /// <summary>Enqueues the sort. The slots are followed by entries with the largest number.</summary>
    /// <param name="entries">Receives the entries, <see cref="Room"/> of them.</param>
    public static void Run(AcceleratorStream stream, in ArrayView<int> experts, in ArrayView<ulong> entries, in SlotSortSizes sizes)
    {
        var room = (int)entries.Length;
        FillKernel.Launch(stream, KernelForms.OfThreads(stream.Accelerator, room), experts, entries, sizes);
        if (stream is not CudaStream)
        {
            for (var level = 2; level > 0 && level <= room; level *= 2)
            {
                for (var stride = level / 2; stride > 0; stride /= 2) Launch(StepKernel, stream, KernelForms.OfThreads(stream.Accelerator, room / 2), entries, level, stride);
            }

            return;
        }

        var tiles = new KernelConfig(room / Tile, ThreadsOfTile);
        Launch(TileKernel, stream, tiles, entries, 2, Tile);
        for (var level = 2 * Tile; level > 0 && level <= room; level *= 2)
        {
            for (var stride = level / 2; stride >= Tile; stride /= 2) Launch(StepKernel, stream, tiles, entries, level, stride);
            Launch(TileKernel, stream, tiles, entries, level, level);
        }
    }

    /// <summary>The entry points, for tests that inspect them.</summary>
    internal static IEnumerable<System.Reflection.MethodInfo> Methods => [FillKernel.Method, StepKernel.Method, TileKernel.Method];

    private static void FillEntries(ArrayView<int> experts, ArrayView<ulong> entries, SlotSortSizes sizes)
    {
        var slot = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (slot >= entries.Length) return;
        entries[slot] = slot < sizes.Slots ? ((ulong)(uint)experts[(slot / sizes.TopK * sizes.ExpertsStride) + (slot % sizes.TopK)] << 32) | (uint)slot : ulong.MaxValue;
    }

    /// <summary>One step: compares entries at distance <paramref name="stride"/>.</summary>
    private static void Step(ArrayView<ulong> entries, int level, int stride)
    {
        var pair = (Grid.IdxX * Group.DimX) + Group.IdxX;
        var first = (pair / stride * 2 * stride) + (pair % stride);
        if (first + stride >= entries.Length) return;
        var (a, b) = (entries[first], entries[first + stride]);
        if ((a > b) == ((first & level) == 0))
        {
            entries[first] = b;
            entries[first + stride] = a;
        }
    }

    /// <summary>All steps of some levels within a tile.</summary>
    private static void SortTile(ArrayView<ulong> entries, int level, int lastLevel)
    {
        var tile = SharedMemory.Allocate<ulong>(Tile);
        var start = Grid.IdxX * Tile;
        tile[Group.IdxX] = entries[start + Group.IdxX];
        tile[Group.IdxX + ThreadsOfTile] = entries[start + Group.IdxX + ThreadsOfTile];
        for (; level <= lastLevel && level > 0; level *= 2)
        {
            for (var stride = level / 2 < ThreadsOfTile ? level / 2 : ThreadsOfTile; stride > 0; stride /= 2)
            {
                Group.Barrier();
                var first = (Group.IdxX / stride * 2 * stride) + (Group.IdxX % stride);
                var a = tile[first];
                var b = tile[first + stride];
                if ((a > b) == (((start + first) & level) == 0))
                {
                    tile[first] = b;
                    tile[first + stride] = a;
                }
            }
        }

        Group.Barrier();
        entries[start + Group.IdxX] = tile[Group.IdxX];
        entries[start + Group.IdxX + ThreadsOfTile] = tile[Group.IdxX + ThreadsOfTile];
    }

    private static void Launch(DeviceKernel<Rounds> kernel, AcceleratorStream stream, KernelConfig config, in ArrayView<ulong> entries, int level, int other)
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is CudaStream cuda)
        {
            var arguments = default(CudaArguments);
            arguments.Add(entries);
            arguments.Add(level);
            arguments.Add(other);
            arguments.Launch(new CudaLaunch(loaded.Cuda!.For(config), Name, cuda, config.GridDim, config.GroupDim));
        }
        else
        {
            loaded.Launcher!(stream, config, entries, level, other);
        }
    }
}
