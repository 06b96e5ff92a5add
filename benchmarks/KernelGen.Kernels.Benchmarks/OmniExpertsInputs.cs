using System.Numerics.Tensors;
using KernelGen.Benchmarking;

namespace KernelGen.Kernels.Benchmarks;

/// <summary>Random inputs of the neuron experts that <see cref="Small"/> declares, and buffers for their outputs.</summary>
internal sealed class OmniExpertsInputs(int perAxis, int topK, int hiddenSize, int maxTokens)
{
    private readonly nint _experts = perAxis * perAxis;
    private readonly float[] _hidden = RandomNumbers.Normal(maxTokens * hiddenSize, seed: 1);
    private readonly float[] _up = RandomNumbers.Normal(perAxis * perAxis * hiddenSize, seed: 2);
    private readonly float[] _down = RandomNumbers.Normal(perAxis * perAxis * hiddenSize, seed: 3);
    private readonly float[] _weights = RandomNumbers.Normal(maxTokens * topK, seed: 4);
    private readonly int[] _ids = [.. Enumerable.Range(0, maxTokens * topK).Select(slot => slot * 31 % (perAxis * perAxis))];
    private readonly float[] _output = new float[maxTokens * hiddenSize];
    private readonly float[] _gradUp = new float[perAxis * perAxis * hiddenSize];
    private readonly float[] _gradDown = new float[perAxis * perAxis * hiddenSize];
    private readonly float[] _gradWeights = new float[maxTokens * topK];

    public void Forward(int tokens) =>
        Small.Forward(States(_hidden, tokens), Matrix(_up), Matrix(_down), Slots(_weights, tokens), Slots(_ids, tokens), States(_output, tokens));

    public void Backward(int tokens) => Small.Backward(
        States(_hidden, tokens), Matrix(_up), Matrix(_down), Slots(_weights, tokens), Slots(_ids, tokens), States(_hidden, tokens),
        States(_output, tokens), Matrix(_gradUp), Matrix(_gradDown), Slots(_gradWeights, tokens));

    private TensorSpan<float> States(float[] array, int tokens) => new(array, 0, [tokens, hiddenSize], []);

    private TensorSpan<float> Matrix(float[] array) => new(array, [_experts, hiddenSize]);

    private TensorSpan<T> Slots<T>(T[] array, int tokens) => new(array, 0, [tokens, topK], []);
}
