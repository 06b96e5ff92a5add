using ILGPU.Runtime;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>The experts of one layer with 1, 2, 4 and 8 Split-K slices, second phases included, replayed from a graph.</summary>
internal sealed class SplitKBenchmark(int experts, int topK, int hiddenSize, int intermediateSize, DeviceExpertsForward<BFloat16> forward)
{
    private static readonly int[] Tokens = [1, 16, 128, 256, 512, 1024, 2048, 4096, 8192];
    private static readonly int[] Slices = [1, 2, 4, 8];

    public void Run(AcceleratorStream stream)
    {
        using var weights = new ExpertsWeights<BFloat16>(stream, WeightPatterns.BFloat16, experts, hiddenSize, intermediateSize);
        Console.WriteLine($"hidden size {hiddenSize} (E {experts}, k {topK}, I {intermediateSize}): tokens, ms with SPLIT_K {string.Join(", ", Slices)}");
        foreach (var tokens in Tokens)
        {
            using var inputs = new ExpertsInputs(stream.Accelerator, experts, topK, hiddenSize, tokens);
            var times = Slices.Select(slices => inputs.Time(
                stream, (s, call) => forward(s, inputs.Hidden, weights.OnDevice, inputs.Weights, inputs.Routes(call), inputs.Output, slices)).Replayed / 1e3);
            Console.WriteLine(FormattableString.Invariant($"{tokens,8}  {string.Join("  ", times.Select(time => FormattableString.Invariant($"{time:F6}")))}"));
        }
    }
}
