using KernelGen.Cpu;

namespace KernelGen.Benchmarking;

/// <summary>The measured compute and memory limits of this machine, with which kernels are compared.</summary>
/// <param name="Gflops">fp32 multiply-adds on all threads, counted as two operations, in 10⁹ per second.</param>
/// <param name="GigabytesPerSecond">Reads from memory, far more than the caches hold, on all threads, in 10⁹ bytes per second.</param>
/// <param name="Threads">Number of threads, the same as kernels use.</param>
/// <remarks>Measure them in the run with which they are compared: other load can halve both.</remarks>
public sealed record MachineLimits(double Gflops, double GigabytesPerSecond, int Threads)
{
    /// <summary>Measures for about a second.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static MachineLimits Measure(CancellationToken cancellation = default)
    {
        // Twice, some time apart: other load may occupy a core for a while.
        var before = MultiplyAddPeak.Measure(cancellation);
        var bandwidth = ReadBandwidth.Measure(cancellation);
        var gflops = Math.Max(before, MultiplyAddPeak.Measure(cancellation));
        return new MachineLimits(gflops, bandwidth, Math.Min(CpuWorkers.MaxThreads, Environment.ProcessorCount));
    }

    /// <summary>The larger value of each limit: the combined result of two measurements in one run.</summary>
    public MachineLimits Or(MachineLimits other) => this with
    {
        Gflops = Math.Max(Gflops, other.Gflops),
        GigabytesPerSecond = Math.Max(GigabytesPerSecond, other.GigabytesPerSecond),
    };

    /// <summary>A description of the limits.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Gflops:F0} GFLOP/s fp32 multiply-add, {GigabytesPerSecond:F1} GB/s memory read, {Threads} {(Threads == 1 ? "thread" : "threads")}");
}
