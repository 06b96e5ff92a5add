using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime;
using KernelGen.Benchmarking;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>The experts of one model: single tokens checked against double precision, then the whole layer timed, replayed from a graph.</summary>
internal sealed class ExpertsBenchmark(string name, int experts, int topK, int hiddenSize, int intermediateSize, DeviceExpertsForward<BFloat16> forward)
{
    private const int PatternLength = (1 << 24) + 8; // weights repeat a pattern whose length no row divides
    private const double Tolerance = 2e-2;

    private static readonly int[] Tokens = [1, 16, 64, 256, 1024, 4096, 8192];

    private readonly BFloat16[] _pattern = Array.ConvertAll(RandomNumbers.Normal(PatternLength, seed: 3), value => (BFloat16)(0.02f * value));

    /// <summary>False when a result is wrong.</summary>
    public bool Run(AcceleratorStream stream)
    {
        var (gateUpLength, downLength) = (2L * experts * intermediateSize * hiddenSize, (long)experts * intermediateSize * hiddenSize);
        using var gateUp = stream.Accelerator.Allocate1D<BFloat16>(gateUpLength);
        using var down = stream.Accelerator.Allocate1D<BFloat16>(downLength);
        Fill(stream, gateUp.View);
        Fill(stream, down.View);
        using var expertWeights = DeviceExpertWeights<BFloat16>.FromViews(gateUp.View, down.View, experts, hiddenSize, intermediateSize);
        Console.WriteLine($"{name}: tokens, whole layer µs (launched, replayed), TFLOP/s, error of the first and last token");
        return Tokens.All(tokens => Run(stream, expertWeights, tokens));
    }

    private bool Run(AcceleratorStream stream, DeviceExpertWeights<BFloat16> expertWeights, int tokens)
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
                var row = ((2L * expert * intermediateSize) + i) * hiddenSize;
                for (var column = 0; column < hiddenSize; column++)
                {
                    gate += x[column] * (double)(float)Weight(row + column);
                    up += x[column] * (double)(float)Weight(row + ((long)intermediateSize * hiddenSize) + column);
                }

                intermediate[i] = gate / (1 + Math.Exp(-gate)) * up;
            });
            Parallel.For(0, hiddenSize, h =>
            {
                var sum = 0.0;
                for (var i = 0; i < intermediateSize; i++) sum += intermediate[i] * (float)Weight(((((long)expert * hiddenSize) + h) * intermediateSize) + i);
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

    private BFloat16 Weight(long index) => _pattern[index % PatternLength];

    private void Fill(AcceleratorStream stream, ArrayView<BFloat16> view)
    {
        for (var start = 0L; start < view.Length; start += PatternLength)
        {
            var length = (int)Math.Min(PatternLength, view.Length - start);
            view.SubView(start, length).CopyFromCPU(stream, new ReadOnlySpan<BFloat16>(_pattern, 0, length));
        }

        stream.Synchronize();
    }

    private static ArrayView2D<T, Stride2D.DenseX> Matrix<T>(MemoryBuffer1D<T, Stride1D.Dense> buffer, int rows)
        where T : unmanaged
    {
        var columns = buffer.Length / rows;
        return new(buffer.View, new LongIndex2D(columns, rows), new Stride2D.DenseX((int)columns));
    }
}
