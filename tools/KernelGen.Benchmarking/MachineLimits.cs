using KernelGen.Cpu;

namespace KernelGen.Benchmarking;

/// <summary>What the processors and the memory of this machine give at best, measured: the limits that kernels are compared with.</summary>
/// <param name="Gflops">Single-precision multiply-adds on all threads, counted as two operations, in 10⁹ a second.</param>
/// <param name="GigabytesPerSecond">Reading memory, far more than the caches hold, on all threads, in 10⁹ bytes a second.</param>
/// <param name="Threads">Threads that took part, as many as kernels use.</param>
/// <remarks>Measure them in the run that they are compared with: a busy neighbour can halve both.</remarks>
public sealed record MachineLimits(double Gflops, double GigabytesPerSecond, int Threads)
{
    /// <summary>Measures for about a second.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static MachineLimits Measure(CancellationToken cancellation = default)
    {
        // Twice, apart: a busy neighbour may keep a processor for a while.
        var before = MultiplyAddPeak.Measure(cancellation);
        var bandwidth = ReadBandwidth.Measure(cancellation);
        var gflops = Math.Max(before, MultiplyAddPeak.Measure(cancellation));
        return new MachineLimits(gflops, bandwidth, Math.Min(CpuWorkers.MaxThreads, Environment.ProcessorCount));
    }

    /// <summary>The larger of each limit: what two measurements of one run together say.</summary>
    public MachineLimits Or(MachineLimits other) => this with
    {
        Gflops = Math.Max(Gflops, other.Gflops),
        GigabytesPerSecond = Math.Max(GigabytesPerSecond, other.GigabytesPerSecond),
    };

    /// <summary>The same in words.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Gflops:F0} GFLOP/s fp32 multiply-add, {GigabytesPerSecond:F1} GB/s memory read, {Threads} {(Threads == 1 ? "thread" : "threads")}");
}
