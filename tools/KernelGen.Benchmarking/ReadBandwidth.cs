using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;

namespace KernelGen.Benchmarking;

/// <summary>Measures the peak bandwidth with which all threads together read memory.</summary>
internal static unsafe class ReadBandwidth
{
    private const long MaxBytes = 512L << 20; // larger than the last-level caches of all but the largest servers
    private const int ItemBytes = 1 << 20;
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(300);

    /// <summary>10⁹ bytes per second, from the best pass over the buffer.</summary>
    public static double Measure(CancellationToken cancellation)
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var items = (int)(Math.Clamp(available / 8, ItemBytes, MaxBytes) / ItemBytes);
        using var buffer = new NativeBuffer<byte>((nint)items * ItemBytes);
        NativeMemory.Fill(buffer.Start, (nuint)buffer.Length, 1); // pages that were never written share a single physical page
        var best = 0.0;
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < Budget;)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            CpuWorkers.Run(buffer.Start, items, &Read);
            best = Math.Max(best, (double)buffer.Length / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read(void* buffer, int item)
    {
        var numbers = (long*)((byte*)buffer + ((long)item * ItemBytes));
        Vector256<long> a = default, b = default, c = default, d = default;
        for (var i = 0; i < ItemBytes / sizeof(long); i += 16)
        {
            a += Vector256.Load(numbers + i);
            b += Vector256.Load(numbers + i + 4);
            c += Vector256.Load(numbers + i + 8);
            d += Vector256.Load(numbers + i + 12);
        }

        Consume(Vector256.Sum(a + b + c + d));
    }

    // A call that is not inlined keeps the sums alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Consume(long sum) => _ = sum;
}
