using KernelGen;

namespace Samples;

/// <summary>Random SwiGLU experts, with a double-precision reference by the formula.</summary>
/// <param name="experts">E.</param>
/// <param name="hiddenSize">H.</param>
/// <param name="intermediateSize">I.</param>
/// <param name="gateUp">[E, 2I, H], each expert's gate rows before its up rows.</param>
/// <param name="down">[E, H, I].</param>
internal sealed class SwigluLayer(int experts, int hiddenSize, int intermediateSize, float[] gateUp, float[] down)
{
    /// <summary>Creates weights whose outputs are about 1.</summary>
    public SwigluLayer(Random random, int experts, int hiddenSize, int intermediateSize)
        : this(
            experts, hiddenSize, intermediateSize,
            Numbers.Normal(random, experts * 2 * intermediateSize * hiddenSize, 1 / Math.Sqrt(hiddenSize)),
            Numbers.Normal(random, experts * hiddenSize * intermediateSize, 2 / Math.Sqrt(intermediateSize)))
    {
    }

    /// <summary>[E, 2I, H].</summary>
    public float[] GateUp => gateUp;

    /// <summary>[E, H, I].</summary>
    public float[] Down => down;

    /// <summary>All experts, or a range of them, for the kernels.</summary>
    public ExpertWeights<float> Weights(int first = 0, int? count = null)
    {
        var number = count ?? experts;
        return ExpertWeights<float>.FromFused(
            gateUp.AsMemory(first * 2 * Matrix, number * 2 * Matrix), down.AsMemory(first * Matrix, number * Matrix), number, hiddenSize, intermediateSize);
    }

    /// <summary>One of the matrices of an expert: gate, up, down.</summary>
    public ReadOnlySpan<float> Of(int expert, ExpertProjection projection) => projection switch
    {
        ExpertProjection.Gate => gateUp.AsSpan(2 * expert * Matrix, Matrix),
        ExpertProjection.Up => gateUp.AsSpan(((2 * expert) + 1) * Matrix, Matrix),
        _ => down.AsSpan(expert * Matrix, Matrix),
    };

    /// <summary>Σ over a token's experts of weight · down(silu(gate · x) · (up · x)), for every token.</summary>
    public double[] Forward(float[] hidden, double[] weights, int[] ids, int topK)
    {
        var output = new double[hidden.Length];
        for (var slot = 0; slot < ids.Length; slot++)
        {
            var x = hidden.AsSpan(slot / topK * hiddenSize, hiddenSize);
            for (var i = 0; i < intermediateSize; i++)
            {
                double gate = Dot(Of(ids[slot], ExpertProjection.Gate), i, x), up = Dot(Of(ids[slot], ExpertProjection.Up), i, x);
                var activation = weights[slot] * gate / (1 + Math.Exp(-gate)) * up;
                for (var h = 0; h < hiddenSize; h++)
                    output[(slot / topK * hiddenSize) + h] += activation * Of(ids[slot], ExpertProjection.Down)[(h * intermediateSize) + i];
            }
        }

        return output;
    }

    private int Matrix => hiddenSize * intermediateSize;

    private static double Dot(ReadOnlySpan<float> matrix, int row, ReadOnlySpan<float> x)
    {
        var sum = 0.0;
        for (var h = 0; h < x.Length; h++) sum += (double)matrix[(row * x.Length) + h] * x[h];
        return sum;
    }
}
