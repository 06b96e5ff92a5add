using System.Numerics.Tensors;
using KernelGen;

namespace OmniMoe;

/// <summary>An Omni-MoE layer with random weights: converts the logits of both axes to log-probabilities; router, experts, shared MLP.</summary>
internal sealed class OmniLayer : IDisposable
{
    public const int ExpertsPerAxis = 48;
    public const int TopK = 8;
    public const int HiddenSize = 128;
    public const int IntermediateSize = 192;

    private readonly ExpertWeights<float> _shared;

    public OmniLayer(Random random)
    {
        const int Experts = ExpertsPerAxis * ExpertsPerAxis;
        Up = Numbers(random, Experts * HiddenSize, 0.1f);
        Down = Numbers(random, Experts * HiddenSize, 1f);
        SharedGateUp = Numbers(random, 2 * IntermediateSize * HiddenSize, 0.1f);
        SharedDown = Numbers(random, HiddenSize * IntermediateSize, 0.1f);
        _shared = ExpertWeights<float>.FromFused(SharedGateUp, SharedDown, experts: 1, HiddenSize, IntermediateSize);
    }

    /// <summary>U [n², H].</summary>
    public float[] Up { get; }

    /// <summary>D [n², H].</summary>
    public float[] Down { get; }

    /// <summary>The shared MLP's gate rows before its up rows, [2I, H].</summary>
    public float[] SharedGateUp { get; }

    /// <summary>The shared MLP's down projection, [H, I].</summary>
    public float[] SharedDown { get; }

    /// <summary>The layer's output [T, H] for hidden states [T, H] and the logits of both axes [T, n], which become log-probabilities in place.</summary>
    public float[] Forward(float[] hidden, float[] x, float[] y)
    {
        var tokens = hidden.Length / HiddenSize;
        LogSoftmax(x);
        LogSoftmax(y);

        var (scores, experts) = (new float[tokens * TopK], new int[tokens * TopK]);
        Omni.Route(Matrix(x, tokens), Matrix(y, tokens), Matrix(scores, tokens), Matrix(experts, tokens));
        TensorPrimitives.Exp(scores, scores); // the router weights; their sum is below 1

        var (routed, output) = (new float[hidden.Length], new float[hidden.Length]);
        Omni.Forward(Matrix(hidden, tokens), OfExperts(Up), OfExperts(Down), Matrix(scores, tokens), Matrix(experts, tokens), Matrix(routed, tokens));

        // The shared MLP serves every token, with weight 1.
        var ones = new float[tokens];
        ones.AsSpan().Fill(1);
        Omni.Forward(Matrix(hidden, tokens), _shared, Matrix(ones, tokens), Matrix(new int[tokens], tokens), Matrix(output, tokens));
        TensorPrimitives.Add(output, routed, output);
        return output;
    }

    /// <summary>Normally distributed numbers.</summary>
    public static float[] Numbers(Random random, int count, float scale) => [.. Enumerable.Range(0, count).Select(_ =>
        scale * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];

    public void Dispose() => _shared.Dispose();

    private static void LogSoftmax(float[] logits)
    {
        Span<float> exponentials = stackalloc float[ExpertsPerAxis];
        for (var start = 0; start < logits.Length; start += ExpertsPerAxis)
        {
            var row = logits.AsSpan(start, ExpertsPerAxis);
            TensorPrimitives.Subtract(row, TensorPrimitives.Max<float>(row), row);
            TensorPrimitives.Exp(row, exponentials);
            TensorPrimitives.Subtract(row, MathF.Log(TensorPrimitives.Sum<float>(exponentials)), row);
        }
    }

    private static TensorSpan<T> Matrix<T>(T[] values, int rows) => new(values, [rows, values.Length / rows], []);

    private static ReadOnlyTensorSpan<float> OfExperts(float[] values) => new(values, [ExpertsPerAxis * ExpertsPerAxis, HiddenSize], []);
}
