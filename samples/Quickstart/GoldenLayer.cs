using System.Numerics.Tensors;
using KernelGen;
using KernelGen.Benchmarking;
using KernelGen.HuggingFace;

namespace Quickstart;

/// <summary>A layer of a checkpoint, and the results of transformers for it.</summary>
internal static class GoldenLayer
{
    /// <summary>Loads the layer, routes and runs it with the given kernels, compares and times.</summary>
    public static void Run(string name, GateRoute<float> route, ExpertsForward<BFloat16> forward, ExpertsSelect select, ResultTable table)
    {
        var directory = Path.Combine(AppContext.BaseDirectory, "golden", name);
        var config = MoeModelConfig.Load(directory);
        using var checkpoint = SafetensorsCheckpoint.Open(directory);
        using var block = new MoeBlock<BFloat16>(MoeLayerTensors.Load(checkpoint, config, layer: 0), route, forward);
        using var golden = SafetensorsFile.Open(Path.Combine(directory, "expected.safetensors"));

        var hidden = golden.Get("hidden_states").ReadSingles();
        var tokens = hidden.Length / config.HiddenSize;
        var weights = new float[tokens * config.TopK];
        var experts = new int[tokens * config.TopK];
        var output = new float[hidden.Length];
        nint[] routing = [tokens, config.TopK], states = [tokens, config.HiddenSize];

        block.Route(new ReadOnlyTensorSpan<float>(hidden, states), new TensorSpan<float>(weights, routing), new TensorSpan<int>(experts, routing));
        block.Forward(new ReadOnlyTensorSpan<float>(hidden, states), new TensorSpan<float>(output, states));
        var check = Compare(output, golden.Get("output").ReadSingles());
        if (!SameExperts(experts, golden.Get("router_2").ReadInt32s(), config.TopK)) check = check with { Mismatch = "a token's experts differ from those of transformers" };

        Action<int> Experts(ExpertsForward<BFloat16> kernel) => _ => kernel(
            new ReadOnlyTensorSpan<float>(hidden, states),
            block.Experts,
            new ReadOnlyTensorSpan<float>(weights, routing),
            new ReadOnlyTensorSpan<int>(experts, routing),
            new TensorSpan<float>(output, states));
        var timings = Timing.SideBySide([Experts(forward), Experts(Unspecialized.Forward)], ResultTable.Budget);
        var variant = select(config.Experts, config.TopK, config.HiddenSize, config.IntermediateSize, DType.BFloat16, tokens);
        var matrices = 3.0 * config.HiddenSize * config.IntermediateSize;
        table.Add(variant, tokens, timings, check, experts.Distinct().Count() * matrices * 2, tokens * config.TopK * matrices * 2);
    }

    private static Verification Compare(float[] actual, float[] expected)
    {
        var maxError = 0.0;
        string? mismatch = null;
        for (var i = 0; i < expected.Length; i++)
        {
            var error = Math.Abs(actual[i] - expected[i]);
            if (!(error <= 1e-4 + (1e-3 * Math.Abs(expected[i])))) mismatch ??= $"output {i} is {actual[i]}; transformers has {expected[i]}";
            maxError = Math.Max(maxError, error);
        }

        return new Verification(maxError, mismatch);
    }

    /// <summary>A generated <c>Select</c>.</summary>
    public delegate KernelVariant ExpertsSelect(int experts, int topK, int hiddenSize, int intermediateSize, DType weightType, int tokens, int splitK = 0);

    // The order within a token is not specified by transformers.
    private static bool SameExperts(int[] actual, int[] expected, int topK) =>
        actual.Chunk(topK).Zip(expected.Chunk(topK)).All(token => token.First.Order().SequenceEqual(token.Second.Order()));
}
