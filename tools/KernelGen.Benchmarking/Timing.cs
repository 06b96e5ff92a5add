using System.Diagnostics;
using System.Runtime;

namespace KernelGen.Benchmarking;

/// <summary>The times of one kernel's calls, in microseconds.</summary>
/// <param name="MedianUs">Median over the calls.</param>
/// <param name="MinUs">The fastest call.</param>
/// <param name="Calls">Number of timed calls.</param>
public readonly record struct Timing(double MedianUs, double MinUs, int Calls)
{
    private const int Rounds = 5;
    private const int MaxSamples = 2_000;
    private static readonly TimeSpan CompilerPause = TimeSpan.FromMilliseconds(250); // it starts when nothing new was called for 100 ms
    private static readonly TimeSpan CompilerPatience = TimeSpan.FromSeconds(5); // in case other threads keep having methods compiled
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(400); // the runtime takes a while to compile hot methods

    /// <summary>
    /// Times several kernels on the same inputs. They run in turn, so that other load slows all of them; each call
    /// takes the next input, so that neither branch predictor nor caches have just seen it.
    /// </summary>
    /// <param name="kernels">Each runs one call on the input with the given index: 0, 1, 2, …; take it modulo the number of inputs.</param>
    /// <param name="budget">Time per kernel after the warm-up; a slower kernel is still called once.</param>
    /// <param name="cancellation">Checked between calls.</param>
    /// <param name="beforeCall">Runs before every timed call, outside of the measured time.</param>
    /// <returns>The times in kernel order.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static Timing[] SideBySide(IReadOnlyList<Action<int>> kernels, TimeSpan budget, CancellationToken cancellation = default, Action? beforeCall = null)
    {
        var samples = kernels.Select(_ => new List<double>()).ToArray();
        var inputs = new int[kernels.Count];
        var spent = new TimeSpan[kernels.Count];
        for (var k = 0; k < kernels.Count; k++)
        {
            for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < WarmUp;)
            {
                cancellation.ThrowIfCancellationRequested();
                kernels[k](inputs[k]++);
            }
        }

        AwaitCompiler(CompilerPause, cancellation);
        for (var round = 0; round < Rounds; round++)
        {
            for (var k = 0; k < kernels.Count; k++)
            {
                if (spent[k] > budget) continue;
                var start = Stopwatch.GetTimestamp();
                Repeat(kernels[k], beforeCall, budget / Rounds, samples[k], ref inputs[k], cancellation);
                spent[k] += Stopwatch.GetElapsedTime(start);
            }
        }

        return [.. samples.Select(sample => Of(sample, sample.Count))];
    }

    /// <summary>Summarises measurements.</summary>
    /// <param name="samples">Microseconds per call, at least one sample.</param>
    /// <param name="calls">Number of timed calls.</param>
    public static Timing Of(IReadOnlyCollection<double> samples, int calls)
    {
        var sorted = samples.Order().ToArray();
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Timing(median, sorted[0], calls);
    }

    /// <summary>Waits until the runtime has compiled hot methods, which occupies a core for seconds. The wait is bounded, because other threads may cause more compilation.</summary>
    /// <param name="pause">Time without a newly compiled method after which the wait ends.</param>
    /// <param name="cancellation">Checked between pauses.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static void AwaitCompiler(TimeSpan pause, CancellationToken cancellation)
    {
        var begin = Stopwatch.GetTimestamp();
        for (long compiled = -1; compiled != JitInfo.GetCompiledMethodCount() && Stopwatch.GetElapsedTime(begin) < CompilerPatience;)
        {
            compiled = JitInfo.GetCompiledMethodCount();
            cancellation.WaitHandle.WaitOne(pause);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Calls at least once, then until the budget is spent or there are enough samples.</summary>
    private static void Repeat(Action<int> kernel, Action? beforeCall, TimeSpan budget, List<double> samples, ref int input, CancellationToken cancellation)
    {
        var begin = Stopwatch.GetTimestamp();
        var most = samples.Count + MaxSamples;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            beforeCall?.Invoke();
            var start = Stopwatch.GetTimestamp();
            kernel(input++);
            samples.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }
        while (Stopwatch.GetElapsedTime(begin) < budget && samples.Count < most);
    }
}
