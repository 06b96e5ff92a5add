namespace KernelGen.Tests;

/// <summary>The product-key router by its definition: every one of the n² sums, sorted.</summary>
internal static class ReferenceRouter
{
    /// <summary>The k best of one token: sums as single precision rounds them, compared exactly; NaN last, of equals the lower id first.</summary>
    public static (int[] Indices, float[] Scores) Route(float[] x, float[] y, int topK)
    {
        var n = x.Length;
        var sums = new float[n * n];
        for (var id = 0; id < sums.Length; id++) sums[id] = (float)((double)x[id / n] + y[id % n]);

        // Scores that cannot be among the best need no sorting.
        var order = (float[])sums.Clone();
        Array.Sort(order); // NaN first
        var least = order[^topK];
        var indices = Enumerable.Range(0, sums.Length)
            .Where(id => float.IsNaN(least) || sums[id] >= least)
            .OrderBy(id => float.IsNaN(sums[id]))
            .ThenByDescending(id => sums[id] + 0f)
            .ThenBy(id => id)
            .Take(topK)
            .ToArray();
        return (indices, Array.ConvertAll(indices, id => sums[id]));
    }

    /// <summary>The gradients of one token's logits, in double precision.</summary>
    public static (double[] X, double[] Y) Backward(int expertsPerAxis, int[] indices, float[] gradScores)
    {
        var (x, y) = (new double[expertsPerAxis], new double[expertsPerAxis]);
        for (var rank = 0; rank < indices.Length; rank++)
        {
            x[indices[rank] / expertsPerAxis] += gradScores[rank];
            y[indices[rank] % expertsPerAxis] += gradScores[rank];
        }

        return (x, y);
    }
}
