namespace KernelGen.Benchmarking;

/// <summary>The experts of one token in double precision.</summary>
internal static class ExpertsReference
{
    /// <summary>Σ over the slots of weight · down(activation(gate(x), up(x))).</summary>
    /// <param name="experts">The experts.</param>
    /// <param name="activation">What an expert does between its products.</param>
    /// <param name="hidden">[H].</param>
    /// <param name="weights">[k].</param>
    /// <param name="ids">[k].</param>
    public static double[] Forward<T>(
        ExpertWeights<T> experts, ReferenceActivation activation, ReadOnlySpan<float> hidden, ReadOnlySpan<float> weights, ReadOnlySpan<int> ids)
        where T : unmanaged
    {
        var x = hidden.ToArray();
        var output = new double[x.Length];
        var activated = new double[experts.IntermediateSize];
        for (var slot = 0; slot < ids.Length; slot++)
        {
            var expert = ids[slot];
            Parallel.For(0, activated.Length, i =>
            {
                float[] gate = new float[x.Length], up = new float[x.Length];
                experts.CopyRow(ExpertProjection.Gate, expert, i, gate);
                if (experts.IsGated) experts.CopyRow(ExpertProjection.Up, expert, i, up);
                double g = 0, u = 0;
                for (var h = 0; h < x.Length; h++)
                {
                    g += (double)x[h] * gate[h];
                    u += (double)x[h] * up[h];
                }

                activated[i] = activation.Of(g, u);
            });

            var weight = weights[slot];
            Parallel.For(0, output.Length, h =>
            {
                var down = new float[activated.Length];
                experts.CopyRow(ExpertProjection.Down, expert, h, down);
                double sum = 0;
                for (var i = 0; i < activated.Length; i++) sum += activated[i] * down[i];
                output[h] += weight * sum;
            });
        }

        return output;
    }
}
