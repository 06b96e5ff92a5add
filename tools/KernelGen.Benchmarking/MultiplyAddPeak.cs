using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Benchmarking;

/// <summary>Measures peak fp32 multiply-adds per second, with twelve independent chains in registers.</summary>
/// <remarks>Measures every vector width that the CPU supports and takes the best, because the widest may lower the clock.</remarks>
internal static unsafe class MultiplyAddPeak
{
    private const int Chains = 12;
    private const int Steps = 20_000;
    private const int ItemsPerThread = 16;
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(150);

    /// <summary>10⁹ operations per second on all threads.</summary>
    public static double Measure(CancellationToken cancellation)
    {
        var best = Measure(&Chains128, Vector128<float>.Count, cancellation);
        if (Vector256.IsHardwareAccelerated) best = Math.Max(best, Measure(&Chains256, Vector256<float>.Count, cancellation));
        if (Vector512.IsHardwareAccelerated) best = Math.Max(best, Measure(&Chains512, Vector512<float>.Count, cancellation));
        return best;
    }

    private static double Measure(delegate*<void*, int, void> chains, int lanes, CancellationToken cancellation)
    {
        var items = ItemsPerThread * Environment.ProcessorCount;
        var results = stackalloc float[1];
        var operations = 2.0 * Chains * Steps * lanes * items;
        var best = 0.0;
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < Budget;)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            CpuWorkers.Run(results, items, chains);
            best = Math.Max(best, operations / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Chains128(void* result, int item)
    {
        var (x, y) = (Vector128.Create(0.999f + (item * 1e-9f)), Vector128.Create(1e-3f));
        Vector128<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (var step = 0; step < Steps; step++)
        {
            a = Simd.MultiplyAdd(a, x, y);
            b = Simd.MultiplyAdd(b, x, y);
            c = Simd.MultiplyAdd(c, x, y);
            d = Simd.MultiplyAdd(d, x, y);
            e = Simd.MultiplyAdd(e, x, y);
            f = Simd.MultiplyAdd(f, x, y);
            g = Simd.MultiplyAdd(g, x, y);
            h = Simd.MultiplyAdd(h, x, y);
            i = Simd.MultiplyAdd(i, x, y);
            j = Simd.MultiplyAdd(j, x, y);
            k = Simd.MultiplyAdd(k, x, y);
            l = Simd.MultiplyAdd(l, x, y);
        }

        *(float*)result = Vector128.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Chains256(void* result, int item)
    {
        var (x, y) = (Vector256.Create(0.999f + (item * 1e-9f)), Vector256.Create(1e-3f));
        Vector256<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (var step = 0; step < Steps; step++)
        {
            a = Simd.MultiplyAdd(a, x, y);
            b = Simd.MultiplyAdd(b, x, y);
            c = Simd.MultiplyAdd(c, x, y);
            d = Simd.MultiplyAdd(d, x, y);
            e = Simd.MultiplyAdd(e, x, y);
            f = Simd.MultiplyAdd(f, x, y);
            g = Simd.MultiplyAdd(g, x, y);
            h = Simd.MultiplyAdd(h, x, y);
            i = Simd.MultiplyAdd(i, x, y);
            j = Simd.MultiplyAdd(j, x, y);
            k = Simd.MultiplyAdd(k, x, y);
            l = Simd.MultiplyAdd(l, x, y);
        }

        *(float*)result = Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Chains512(void* result, int item)
    {
        var (x, y) = (Vector512.Create(0.999f + (item * 1e-9f)), Vector512.Create(1e-3f));
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (var step = 0; step < Steps; step++)
        {
            a = Simd.MultiplyAdd(a, x, y);
            b = Simd.MultiplyAdd(b, x, y);
            c = Simd.MultiplyAdd(c, x, y);
            d = Simd.MultiplyAdd(d, x, y);
            e = Simd.MultiplyAdd(e, x, y);
            f = Simd.MultiplyAdd(f, x, y);
            g = Simd.MultiplyAdd(g, x, y);
            h = Simd.MultiplyAdd(h, x, y);
            i = Simd.MultiplyAdd(i, x, y);
            j = Simd.MultiplyAdd(j, x, y);
            k = Simd.MultiplyAdd(k, x, y);
            l = Simd.MultiplyAdd(l, x, y);
        }

        *(float*)result = Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
