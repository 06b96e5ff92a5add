using ILGPU;
using ILGPU.Runtime;
using KernelGen.Benchmarking;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>
/// A whole layer, from gate to combination, with few tokens: its kernels launched one by one against one captured graph. Each layer is awaited
/// before the next one starts, as if its output determined the next input.
/// </summary>
internal sealed class LayerBenchmark(string name, int experts, int topK, int hiddenSize, int intermediateSize, bool hasBias, DeviceGateRoute<float> route, DeviceExpertsForward<BFloat16> forward)
{
    private static readonly int[] Tokens = [1, 16, 64];

    public void Run(AcceleratorStream stream)
    {
        using var weights = new ExpertsWeights<BFloat16>(stream, WeightPatterns.BFloat16, experts, hiddenSize, intermediateSize);
        using var bias = stream.Accelerator.Allocate1D<float>(experts);
        bias.MemSetToZero(stream);
        Console.WriteLine($"{name}: tokens, µs of an awaited layer: gate and experts launched and awaited separately, kernels launched one by one, one graph; first ÷ last");
        foreach (var tokens in Tokens)
        {
            using var inputs = new ExpertsInputs(stream.Accelerator, experts, topK, hiddenSize, tokens);
            using var logits = stream.Accelerator.Allocate1D(RandomNumbers.Normal((long)tokens * experts, seed: 6));
            using var chosen = stream.Accelerator.Allocate1D<int>(tokens * topK);
            var routes = inputs.Matrix(chosen);
            void Gate(AcceleratorStream s) => route(s, inputs.Matrix(logits), hasBias ? bias.View : default, inputs.Weights, routes);
            void Experts(AcceleratorStream s) => forward(s, inputs.Hidden, weights.OnDevice, inputs.Weights, routes, inputs.Output);

            var gate = Awaited(inputs, stream, () => Gate(stream));
            var product = Awaited(inputs, stream, () => Experts(stream));
            var launched = Awaited(inputs, stream, () =>
            {
                Gate(stream);
                Experts(stream);
            });
            using var graph = CudaGraph.Capture(stream, s =>
            {
                Gate(s);
                Experts(s);
            });
            var replayed = Awaited(inputs, stream, () => graph.Launch(stream));
            Console.WriteLine(FormattableString.Invariant($"{tokens,8} {gate + product,10:F1} {launched,10:F1} {replayed,10:F1} {(gate + product) / replayed,8:F2}"));
        }
    }

    private static double Awaited(ExpertsInputs inputs, AcceleratorStream stream, Action layer) => inputs.Best(stream, () =>
    {
        for (var i = 0; i < inputs.Calls; i++)
        {
            layer();
            stream.Synchronize();
        }
    });
}
