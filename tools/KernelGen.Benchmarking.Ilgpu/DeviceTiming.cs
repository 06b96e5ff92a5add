using System.Diagnostics;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KernelGen.Ilgpu;

namespace KernelGen.Benchmarking;

/// <summary>Microseconds per call, averaged over many calls; the best of several runs.</summary>
/// <param name="Launched">Calls launched one after another.</param>
/// <param name="Replayed">The same calls in a graph.</param>
public readonly record struct DeviceTiming(double Launched, double Replayed)
{
    private const int Runs = 7;
    private const int CallsOfGraph = 100;
    private const int MaxSamples = 2_000;

    /// <summary>Times what a call enqueues on a CUDA stream.</summary>
    public static DeviceTiming Of(AcceleratorStream stream, Action<AcceleratorStream> call)
    {
        call(stream);
        stream.Synchronize();
        using var graph = CudaGraph.Capture(stream, s =>
        {
            for (var i = 0; i < CallsOfGraph; i++) call(s);
        });
        var launched = Best(stream, () =>
        {
            for (var i = 0; i < CallsOfGraph; i++) call(stream);
        });
        return new DeviceTiming(launched, Best(stream, () => graph.Launch(stream)));
    }

    /// <summary>
    /// Times calls on different inputs: on a CUDA device, all of them as one replayed graph, so that launches cost nothing; elsewhere, one
    /// at a time.
    /// </summary>
    /// <param name="stream">A stream, not the default stream.</param>
    /// <param name="calls">The calls, at least one.</param>
    /// <param name="budget">Time after the warm-up.</param>
    /// <param name="cancellation">Checked between measurements.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static Timing Of(AcceleratorStream stream, IReadOnlyList<DeviceCall> calls, TimeSpan budget, CancellationToken cancellation = default)
    {
        // Twice: the first call loads kernels, the second finds memory warm.
        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var call in calls)
            {
                cancellation.ThrowIfCancellationRequested();
                call.Launch(stream);
                stream.Synchronize();
            }
        }

        if (stream is not CudaStream) return Sample(stream, number => calls[number % calls.Count].Launch(stream), callsOfSample: 1, budget, cancellation);
        var rounds = (CallsOfGraph + calls.Count - 1) / calls.Count;
        using var graph = CudaGraph.Capture(stream, s =>
        {
            for (var i = 0; i < rounds * calls.Count; i++) calls[i % calls.Count].Launch(s);
        });
        return Sample(stream, _ => graph.Launch(stream), rounds * calls.Count, budget, cancellation);
    }

    private static Timing Sample(AcceleratorStream stream, Action<int> launch, int callsOfSample, TimeSpan budget, CancellationToken cancellation)
    {
        launch(0);
        stream.Synchronize();
        var samples = new List<double>();
        var begin = Stopwatch.GetTimestamp();
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            launch(samples.Count);
            stream.Synchronize();
            samples.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / callsOfSample);
        }
        while (Stopwatch.GetElapsedTime(begin) < budget && samples.Count < MaxSamples);
        return Timing.Of(samples, samples.Count * callsOfSample);
    }

    private static double Best(AcceleratorStream stream, Action calls)
    {
        const int Repeats = 5;
        calls();
        stream.Synchronize();
        var best = double.PositiveInfinity;
        for (var run = 0; run < Runs; run++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Repeats; i++) calls();
            stream.Synchronize();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds / (Repeats * CallsOfGraph));
        }

        return best;
    }
}
