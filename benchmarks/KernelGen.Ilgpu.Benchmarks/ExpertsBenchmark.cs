using ILGPU.Runtime;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>The experts of one model: checks single tokens against double precision, then times the whole layer, replayed from a graph.</summary>
/// <param name="name">Name of the configuration.</param>
/// <param name="experts">E.</param>
/// <param name="topK">k.</param>
/// <param name="hiddenSize">H.</param>
/// <param name="intermediateSize">I.</param>
/// <param name="pattern">The weights.</param>
/// <param name="forward">The kernels.</param>
/// <param name="round">How they quantise an input row of either GEMM; null if they do not.</param>
internal sealed class ExpertsBenchmark<T>(
    string name, int experts, int topK, int hiddenSize, int intermediateSize, WeightPattern<T> pattern, DeviceExpertsForward<T> forward, Action<double[]>? round = null)
    where T : unmanaged
{
    private const double Tolerance = 2e-2;

    private static readonly int[] Tokens = [1, 16, 64, 256, 1024, 4096, 8192];

    /// <summary>Runs the benchmark; false if a result is wrong.</summary>
    public bool Run(AcceleratorStream stream)
    {
        using var weights = new ExpertsWeights<T>(stream, pattern, experts, hiddenSize, intermediateSize);
        Console.WriteLine($"{name}: tokens, whole layer µs (launched, replayed), TFLOP/s, error of the first and last token");
        return Tokens.All(tokens => Run(stream, weights.OnDevice, tokens));
    }

    private bool Run(AcceleratorStream stream, DeviceExpertWeights<T> expertWeights, int tokens)
    {
        using var inputs = new ExpertsInputs(stream.Accelerator, experts, topK, hiddenSize, tokens);
        void Call(AcceleratorStream s, int call) => forward(s, inputs.Hidden, expertWeights, inputs.Weights, inputs.Routes(call), inputs.Output);

        Call(stream, 0);
        stream.Synchronize();
        var result = inputs.OutputValues();
        var error = Math.Max(Error(inputs, result, 0), Error(inputs, result, tokens - 1));
        for (var repeat = 0; repeat < 20; repeat++) Call(stream, 0);
        stream.Synchronize();
        var same = result.AsSpan().SequenceEqual(inputs.OutputValues());

        var (launched, replayed) = inputs.Time(stream, Call);
        var operations = 6.0 * tokens * topK * hiddenSize * intermediateSize;
        var isRight = error < Tolerance && same;
        Console.WriteLine(FormattableString.Invariant($"{tokens,8} {launched,10:F1} {replayed,10:F1} {operations / replayed / 1e6,8:F0} {error,10:E1}{(same ? "" : " OTHER BITS WHEN REPEATED")}{(isRight ? "" : " WRONG")}"));
        return isRight;
    }

    /// <summary>‖output − exact‖ / ‖exact‖ of one token.</summary>
    private double Error(ExpertsInputs inputs, float[] output, int token)
    {
        var exact = new double[hiddenSize];
        var x = Array.ConvertAll(inputs.HiddenValues.AsSpan(token * hiddenSize, hiddenSize).ToArray(), value => (double)value);
        round?.Invoke(x);
        for (var rank = 0; rank < topK; rank++)
        {
            var expert = inputs.FirstRoutes[(token * topK) + rank];
            var weight = inputs.WeightValues[(token * topK) + rank];
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
            round?.Invoke(intermediate);
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
}
