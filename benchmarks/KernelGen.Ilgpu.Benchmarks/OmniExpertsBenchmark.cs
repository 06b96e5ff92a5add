using System.Numerics.Tensors;
using ILGPU.Runtime;
using KernelGen.Benchmarking;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>Neuron experts: checks some tokens and experts against double precision, runs twice to compare the bits, then times them.</summary>
internal sealed class OmniExpertsBenchmark(int expertsPerAxis, int topK, int hiddenSize)
{
    private const int MaxTokens = 4096;
    private const double Tolerance = 1e-5; // relative to the largest element of a matrix
    private static readonly int[] Timed = [1, 64, 512, MaxTokens];

    private int Experts => expertsPerAxis * expertsPerAxis;

    private string Name => $"Omni experts {expertsPerAxis}/{topK}, hidden size {hiddenSize}";

    /// <summary>Runs the benchmark; false if a result is wrong.</summary>
    public bool Run(AcceleratorStream stream)
    {
        var accelerator = stream.Accelerator;
        var up = RandomNumbers.Normal((long)Experts * hiddenSize, seed: 1);
        for (var i = 0; i < up.Length; i++) up[i] /= MathF.Sqrt(hiddenSize);
        using var deviceUp = Matrix(accelerator, up, Experts);
        using var deviceDown = Matrix(accelerator, RandomNumbers.Normal((long)Experts * hiddenSize, seed: 2), Experts);
        foreach (var tokens in new[] { 1, 33, MaxTokens })
        {
            if (Mismatch(stream, tokens, deviceUp, deviceDown) is not { } mismatch) continue;
            Console.WriteLine($"{Name}: WRONG at {tokens} tokens: {mismatch}");
            return false;
        }

        Console.WriteLine($"{Name}: correct, with the same bits in both runs");
        Console.WriteLine("   tokens   forward: launched µs   replayed µs   backward: launched µs   replayed µs");
        foreach (var tokens in Timed)
        {
            using var call = new Call(accelerator, this, tokens, deviceUp, deviceDown);
            var (forward, backward) = (DeviceTiming.Of(stream, call.Forward), DeviceTiming.Of(stream, call.Backward));
            var bytes = 8.0 * tokens * topK * hiddenSize; // the rows of U and D
            Console.WriteLine(FormattableString.Invariant(
                $"{tokens,9} {forward.Launched,22:F2} {forward.Replayed,13:F2} {backward.Launched,23:F2} {backward.Replayed,13:F2}   (forward {bytes / forward.Replayed / 1e3:F0} GB/s)"));
        }

        return true;
    }

    private string? Mismatch(AcceleratorStream stream, int tokens, DeviceMatrix<float> deviceUp, DeviceMatrix<float> deviceDown)
    {
        using var call = new Call(stream.Accelerator, this, tokens, deviceUp, deviceDown);
        call.Forward(stream);
        call.Backward(stream);
        stream.Synchronize();
        var first = call.Results();
        call.ClearGradients(stream);
        call.Forward(stream);
        call.Backward(stream);
        stream.Synchronize();
        var second = call.Results();
        for (var i = 0; i < first.Length; i++)
        {
            if (!first[i].AsSpan().SequenceEqual(second[i])) return $"result {i} has different bits in the second run";
        }

        return call.Mismatch(first);
    }

    private static DeviceMatrix<float> Matrix(Accelerator accelerator, float[] values, int rows) =>
        new(accelerator, new ReadOnlyTensorSpan<float>(values, [rows, values.Length / rows], []));

    /// <summary>The arguments for one token count.</summary>
    private sealed class Call : IDisposable
    {
        private readonly OmniExpertsBenchmark _shape;
        private readonly int _tokens;
        private readonly DeviceMatrix<float> _up;
        private readonly DeviceMatrix<float> _down;
        private readonly DeviceMatrix<float> _hidden;
        private readonly DeviceMatrix<float> _weights;
        private readonly DeviceMatrix<int> _experts;
        private readonly DeviceMatrix<float> _gradOutput;
        private readonly DeviceMatrix<float> _output;
        private readonly DeviceMatrix<float> _gradHidden;
        private readonly DeviceMatrix<float> _gradUp;
        private readonly DeviceMatrix<float> _gradDown;
        private readonly DeviceMatrix<float> _gradWeights;

        public Call(Accelerator accelerator, OmniExpertsBenchmark shape, int tokens, DeviceMatrix<float> up, DeviceMatrix<float> down)
        {
            (_shape, _tokens, _up, _down) = (shape, tokens, up, down);
            var (k, h) = (shape.TopK, shape.HiddenSize);
            _hidden = Matrix(accelerator, RandomNumbers.Normal((long)tokens * h, seed: 3), tokens);
            _weights = Matrix(accelerator, RandomNumbers.Normal((long)tokens * k, seed: 4), tokens);
            _gradOutput = Matrix(accelerator, RandomNumbers.Normal((long)tokens * h, seed: 5), tokens);
            var random = new Random(6);
            var ids = new int[tokens * k];
            for (var i = 0; i < ids.Length; i++) ids[i] = random.Next(shape.Experts);
            _experts = new(accelerator, new ReadOnlyTensorSpan<int>(ids, [tokens, k], []));
            _output = new(accelerator, tokens, h);
            _gradHidden = new(accelerator, tokens, h);
            _gradUp = new(accelerator, shape.Experts, h);
            _gradDown = new(accelerator, shape.Experts, h);
            _gradWeights = new(accelerator, tokens, k);
            ClearGradients(accelerator.DefaultStream);
            accelerator.Synchronize();
        }

        public void Forward(AcceleratorStream stream) => Neurons.Forward(stream, _hidden.View, _up.View, _down.View, _weights.View, _experts.View, _output.View);

        public void Backward(AcceleratorStream stream) => Neurons.Backward(
            stream, _hidden.View, _up.View, _down.View, _weights.View, _experts.View, _gradOutput.View,
            _gradHidden.View, _gradUp.View, _gradDown.View, _gradWeights.View);

        public void ClearGradients(AcceleratorStream stream)
        {
            _gradUp.View.BaseView.MemSetToZero(stream);
            _gradDown.View.BaseView.MemSetToZero(stream);
        }

        public float[][] Results() => [_output.ToArray(), _gradHidden.ToArray(), _gradWeights.ToArray(), _gradUp.ToArray(), _gradDown.ToArray()];

        /// <summary>Compares the outputs and gradients of some tokens, and the gradients of the experts of some slots.</summary>
        public string? Mismatch(float[][] results)
        {
            var (k, h) = (_shape.TopK, _shape.HiddenSize);
            var (hidden, gradOutput, weights, experts) = (_hidden.ToArray(), _gradOutput.ToArray(), _weights.ToArray(), _experts.ToArray());
            var (up, down) = (_up.ToArray(), _down.ToArray());
            for (var sample = 0; sample < Math.Min(_tokens, 16); sample++)
            {
                var token = (int)((long)sample * (_tokens - 1) / Math.Max(Math.Min(_tokens, 16) - 1, 1));
                var (output, gradHidden) = (new double[h], new double[h]);
                for (var slot = token * k; slot < (token + 1) * k; slot++)
                {
                    var (activation, gradient, gradWeight) = Slot(slot);
                    if (!IsNear(results[2][slot], gradWeight, 100)) return $"gradWeights[{token}, {slot % k}] is {results[2][slot]:G9}, expected {gradWeight:G9}";
                    for (var i = 0; i < h; i++)
                    {
                        output[i] += activation * down[(experts[slot] * h) + i];
                        gradHidden[i] += gradient * up[(experts[slot] * h) + i];
                    }
                }

                for (var i = 0; i < h; i++)
                {
                    if (!IsNear(results[0][(token * h) + i], output[i], 10)) return $"output[{token}, {i}] is {results[0][(token * h) + i]:G9}, expected {output[i]:G9}";
                    if (!IsNear(results[1][(token * h) + i], gradHidden[i], 10)) return $"gradHidden[{token}, {i}] is {results[1][(token * h) + i]:G9}, expected {gradHidden[i]:G9}";
                }

                var expert = experts[token * k];
                var (gradUp, gradDown) = (new double[h], new double[h]);
                for (var slot = 0; slot < experts.Length; slot++)
                {
                    if (experts[slot] != expert) continue;
                    var (activation, gradient, _) = Slot(slot);
                    for (var i = 0; i < h; i++)
                    {
                        gradUp[i] += gradient * hidden[(slot / k * h) + i];
                        gradDown[i] += activation * gradOutput[(slot / k * h) + i];
                    }
                }

                for (var i = 0; i < h; i++)
                {
                    if (!IsNear(results[3][(expert * h) + i], gradUp[i], 100)) return $"gradUp[{expert}, {i}] is {results[3][(expert * h) + i]:G9}, expected {gradUp[i]:G9}";
                    if (!IsNear(results[4][(expert * h) + i], gradDown[i], 100)) return $"gradDown[{expert}, {i}] is {results[4][(expert * h) + i]:G9}, expected {gradDown[i]:G9}";
                }
            }

            return null;

            (double Activation, double Gradient, double GradWeight) Slot(int slot)
            {
                var (s, a) = (0.0, 0.0);
                for (var i = 0; i < h; i++)
                {
                    s += (double)hidden[(slot / k * h) + i] * up[(experts[slot] * h) + i];
                    a += (double)gradOutput[(slot / k * h) + i] * down[(experts[slot] * h) + i];
                }

                var sigmoid = 1 / (1 + Math.Exp(-s));
                return (s * sigmoid * weights[slot], a * weights[slot] * (sigmoid + (s * sigmoid * (1 - sigmoid))), a * s * sigmoid);
            }

            static bool IsNear(float actual, double expected, double largest) => Math.Abs(actual - expected) <= Tolerance * largest;
        }

        public void Dispose()
        {
            foreach (var matrix in new IDisposable[] { _hidden, _weights, _experts, _gradOutput, _output, _gradHidden, _gradUp, _gradDown, _gradWeights }) matrix.Dispose();
        }
    }

    private int TopK => topK;

    private int HiddenSize => hiddenSize;
}
