namespace OmniMoe;

/// <summary>The same layer by its formulas, one token at a time, in double precision and with all n² scores.</summary>
internal static class Reference
{
    /// <summary>The output of one token.</summary>
    /// <param name="layer">The layer's weights.</param>
    /// <param name="hidden">[H].</param>
    /// <param name="x">Logits of the first axis, [n].</param>
    /// <param name="y">Logits of the second axis, [n].</param>
    public static double[] Forward(OmniLayer layer, ReadOnlySpan<float> hidden, ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var (first, second) = (LogSoftmax(x), LogSoftmax(y));
        var scores = Enumerable.Range(0, first.Length * second.Length).Select(id => first[id / second.Length] + second[id % second.Length]).ToArray();
        var output = new double[hidden.Length];
        foreach (var id in Enumerable.Range(0, scores.Length).OrderByDescending(id => scores[id]).Take(OmniLayer.TopK))
        {
            var activation = Silu(Dot(layer.Up, id, hidden)) * Math.Exp(scores[id]);
            for (var h = 0; h < output.Length; h++) output[h] += activation * layer.Down[(id * output.Length) + h];
        }

        for (var i = 0; i < OmniLayer.IntermediateSize; i++)
        {
            var activation = Silu(Dot(layer.SharedGateUp, i, hidden)) * Dot(layer.SharedGateUp, OmniLayer.IntermediateSize + i, hidden);
            for (var h = 0; h < output.Length; h++) output[h] += activation * layer.SharedDown[(h * OmniLayer.IntermediateSize) + i];
        }

        return output;
    }

    private static double[] LogSoftmax(ReadOnlySpan<float> logits)
    {
        var values = Array.ConvertAll(logits.ToArray(), logit => (double)logit);
        var logarithm = Math.Log(values.Sum(Math.Exp));
        return Array.ConvertAll(values, value => value - logarithm);
    }

    private static double Dot(float[] matrix, int row, ReadOnlySpan<float> vector)
    {
        var sum = 0.0;
        for (var i = 0; i < vector.Length; i++) sum += (double)matrix[(row * vector.Length) + i] * vector[i];
        return sum;
    }

    private static double Silu(double s) => s / (1 + Math.Exp(-s));
}
