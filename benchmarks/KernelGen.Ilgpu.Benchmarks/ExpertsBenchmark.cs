using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime;
using KernelGen.Benchmarking;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>The experts of one model: single tokens checked against double precision, then the whole layer timed, replayed from a graph.</summary>
internal sealed class ExpertsBenchmark<T>(string name, int experts, int topK, int hiddenSize, int intermediateSize, WeightPattern<T> pattern, DeviceExpertsForward<T> forward)
    where T : unmanaged
{
    private const double Tolerance = 2e-2;

    private static readonly int[] Tokens = [1, 16, 64, 256, 1024, 4096, 8192];

    /// <summary>False when a result is wrong.</summary>
    public bool Run(AcceleratorStream stream)
    {
        using var gateUp = pattern.Allocate(stream, experts, 2 * intermediateSize, hiddenSize);
        using var down = pattern.Allocate(stream, experts, hiddenSize, intermediateSize);
        using var gateUpScales = pattern.AllocateScales(stream, experts, 2 * intermediateSize, hiddenSize);
        using var downScales = pattern.AllocateScales(stream, experts, hiddenSize, intermediateSize);
        using var expertWeights = DeviceExpertWeights<T>.FromViews(
            gateUp.View, down.View, experts, hiddenSize, intermediateSize, gateUpScales is null ? null : pattern.Scales(gateUpScales.View, downScales!.View));
        Console.WriteLine($"{name}: tokens, whole layer µs (launched, replayed), TFLOP/s, error of the first and last token");
        return Tokens.All(tokens => Run(stream, expertWeights, tokens));
    }

    private bool Run(AcceleratorStream stream, DeviceExpertWeights<T> expertWeights, int tokens)
    {
        var accelerator = stream.Accelerator;
        var hidden = RandomNumbers.Normal((long)tokens * hiddenSize, seed: 4);
        var weights = RandomNumbers.Normal((long)tokens * topK, seed: 5);
        var calls = tokens <= 256 ? 16 : 4;
        var routes = Enumerable.Range(0, calls).Select(call => Routes(tokens, call)).ToArray();
        using var deviceHidden = accelerator.Allocate1D(hidden);
        using var deviceWeights = accelerator.Allocate1D(weights);
        using var output = accelerator.Allocate1D<float>(hidden.Length);
        var deviceRoutes = routes.Select(route => accelerator.Allocate1D(route)).ToArray();
        void Call(AcceleratorStream s, int call) => forward(
            s, Matrix(deviceHidden, tokens), expertWeights, Matrix(deviceWeights, tokens), Matrix(deviceRoutes[call], tokens), Matrix(output, tokens));

        output.MemSetToZero(stream);
        Call(stream, 0);
        stream.Synchronize();
        var result = output.GetAsArray1D();
        var error = Math.Max(Error(hidden, weights, routes[0], result, 0), Error(hidden, weights, routes[0], result, tokens - 1));
        for (var repeat = 0; repeat < 20; repeat++) Call(stream, 0);
        stream.Synchronize();
        var same = result.AsSpan().SequenceEqual(output.GetAsArray1D());

        using var graph = CudaGraph.Capture(stream, s =>
        {
            for (var call = 0; call < calls; call++) Call(s, call);
        });
        var launched = Best(stream, calls, () =>
        {
            for (var call = 0; call < calls; call++) Call(stream, call);
        });
        var replayed = Best(stream, calls, () => graph.Launch(stream));
        foreach (var buffer in deviceRoutes) buffer.Dispose();
        var operations = 6.0 * tokens * topK * hiddenSize * intermediateSize;
        var isRight = error < Tolerance && same;
        Console.WriteLine(FormattableString.Invariant($"{tokens,8} {launched,10:F1} {replayed,10:F1} {operations / replayed / 1e6,8:F0} {error,10:E1}{(same ? "" : " OTHER BITS WHEN REPEATED")}{(isRight ? "" : " WRONG")}"));
        return isRight;
    }

    private int[] Routes(int tokens, int call)
    {
        var random = new Random(call);
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

    private static double Best(AcceleratorStream stream, int calls, Action work)
    {
        work();
        stream.Synchronize();
        var best = double.PositiveInfinity;
        for (var run = 0; run < 5; run++)
        {
            var start = Stopwatch.GetTimestamp();
            work();
            stream.Synchronize();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds / calls);
        }

        return best;
    }

    /// <summary>‖output − exact‖ / ‖exact‖ of one token.</summary>
    private double Error(float[] hidden, float[] weights, int[] routes, float[] output, int token)
    {
        var exact = new double[hiddenSize];
        var x = hidden.AsSpan(token * hiddenSize, hiddenSize).ToArray();
        for (var rank = 0; rank < topK; rank++)
        {
            var expert = routes[(token * topK) + rank];
            var weight = weights[(token * topK) + rank];
            var intermediate = new double[intermediateSize];
            Parallel.For(0, intermediateSize, i =>
            {
                var (gate, up) = (0.0, 0.0);
                for (var column = 0; column < hiddenSize; column++)
                {
                    gate += x[column] * pattern.Weight(expert, i, column, 2 * intermediateSize, hiddenSize);
                    up += x[column] * pattern.Weight(expert, intermediateSize + i, column, 2 * intermediateSize, hiddenSize);
                }

                intermediate[i] = gate / (1 + Math.Exp(-gate)) * up;
            });
            Parallel.For(0, hiddenSize, h =>
            {
                var sum = 0.0;
                for (var i = 0; i < intermediateSize; i++) sum += intermediate[i] * pattern.Weight(expert, h, i, hiddenSize, intermediateSize);
                exact[h] += weight * sum;
            });
        }

        var (difference, norm) = (0.0, 0.0);
        for (var h = 0; h < hiddenSize; h++)
        {
            difference += Math.Pow(output[(token * (long)hiddenSize) + h] - exact[h], 2);
            norm += exact[h] * exact[h];
        }

        return Math.Sqrt(difference / norm);
    }

    private static ArrayView2D<TElement, Stride2D.DenseX> Matrix<TElement>(MemoryBuffer1D<TElement, Stride1D.Dense> buffer, int rows)
        where TElement : unmanaged
    {
        var columns = buffer.Length / rows;
        return new(buffer.View, new LongIndex2D(columns, rows), new Stride2D.DenseX((int)columns));
    }
}
