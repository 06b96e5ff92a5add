using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime;
using KernelGen.Benchmarking;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>Inputs and outputs of a layer's experts in device memory; each of several calls has a different routing.</summary>
internal sealed class ExpertsInputs : IDisposable
{
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _hidden;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _weights;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _output;
    private readonly MemoryBuffer1D<int, Stride1D.Dense>[] _routes;
    private readonly int _tokens;

    public ExpertsInputs(Accelerator accelerator, int experts, int topK, int hiddenSize, int tokens)
    {
        _tokens = tokens;
        HiddenValues = RandomNumbers.Normal((long)tokens * hiddenSize, seed: 4);
        WeightValues = RandomNumbers.Normal((long)tokens * topK, seed: 5);
        Calls = tokens <= 256 ? 16 : 4;
        var routes = Enumerable.Range(0, Calls).Select(call => RandomRoutes(experts, topK, tokens, call)).ToArray();
        FirstRoutes = routes[0];
        _hidden = accelerator.Allocate1D(HiddenValues);
        _weights = accelerator.Allocate1D(WeightValues);
        _output = accelerator.Allocate1D<float>(HiddenValues.Length);
        _routes = Array.ConvertAll(routes, route => accelerator.Allocate1D(route));
    }

    /// <summary>Number of calls with different routings.</summary>
    public int Calls { get; }

    public float[] HiddenValues { get; }

    public float[] WeightValues { get; }

    /// <summary>The routing of the first call.</summary>
    public int[] FirstRoutes { get; }

    public ArrayView2D<float, Stride2D.DenseX> Hidden => Matrix(_hidden);

    public ArrayView2D<float, Stride2D.DenseX> Weights => Matrix(_weights);

    public ArrayView2D<float, Stride2D.DenseX> Output => Matrix(_output);

    public ArrayView2D<int, Stride2D.DenseX> Routes(int call) => Matrix(_routes[call]);

    public float[] OutputValues() => _output.GetAsArray1D();

    /// <summary>Microseconds per call, the best of several rounds through all of them.</summary>
    public double Best(AcceleratorStream stream, Action round)
    {
        round();
        stream.Synchronize();
        var best = double.PositiveInfinity;
        for (var run = 0; run < 5; run++)
        {
            var start = Stopwatch.GetTimestamp();
            round();
            stream.Synchronize();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds / Calls);
        }

        return best;
    }

    /// <summary>The same, launched one by one and replayed from a graph.</summary>
    public (double Launched, double Replayed) Time(AcceleratorStream stream, Action<AcceleratorStream, int> call)
    {
        void Round(AcceleratorStream s)
        {
            for (var i = 0; i < Calls; i++) call(s, i);
        }

        var launched = Best(stream, () => Round(stream));
        using var graph = CudaGraph.Capture(stream, Round);
        return (launched, Best(stream, () => graph.Launch(stream)));
    }

    /// <summary>A buffer as a matrix with one row per token.</summary>
    public ArrayView2D<T, Stride2D.DenseX> Matrix<T>(MemoryBuffer1D<T, Stride1D.Dense> buffer)
        where T : unmanaged
    {
        var columns = buffer.Length / _tokens;
        return new(buffer.View, new LongIndex2D(columns, _tokens), new Stride2D.DenseX((int)columns));
    }

    public void Dispose()
    {
        foreach (var buffer in new IDisposable[] { _hidden, _weights, _output }.Concat(_routes)) buffer.Dispose();
    }

    private static int[] RandomRoutes(int experts, int topK, int tokens, int seed)
    {
        var random = new Random(seed);
        var routes = new int[tokens * topK];
        for (var token = 0; token < tokens; token++)
        {
            var chosen = routes.AsSpan(token * topK, topK);
            for (var rank = 0; rank < topK; rank++)
            {
                do chosen[rank] = random.Next(experts);
                while (chosen[..rank].Contains(chosen[rank]));
            }
        }

        return routes;
    }
}
