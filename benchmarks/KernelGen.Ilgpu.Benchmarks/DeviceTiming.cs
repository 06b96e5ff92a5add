using System.Diagnostics;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>Microseconds of one call among many, the best of several runs.</summary>
/// <param name="Launched">Calls one after the other.</param>
/// <param name="Replayed">The same calls in a graph.</param>
internal readonly record struct DeviceTiming(double Launched, double Replayed)
{
    private const int Runs = 7;
    private const int CallsOfGraph = 100;

    /// <summary>Times what a call puts into a stream.</summary>
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
