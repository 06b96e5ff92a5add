namespace KernelGen.Benchmarking;

/// <summary>The experts of one token in double precision.</summary>
internal static class ExpertsReference
{
    // What a kernel's intermediate states may be off by, a share of 1 + |a|, before they are rounded.
    private const double ActivationError = 2e-6;

    /// <summary>
    /// Σ over the slots of weight · down(activation(gate(x), up(x))), and how far a kernel may be from each element because it rounds an
    /// intermediate state near a tie to the other side.
    /// </summary>
    /// <param name="experts">The experts.</param>
    /// <param name="activation">What an expert does between its products.</param>
    /// <param name="rounding">How the inputs of the products are rounded.</param>
    /// <param name="hidden">[H].</param>
    /// <param name="weights">[k].</param>
    /// <param name="ids">[k]; −1 leaves a slot out.</param>
    public static (double[] Output, double[] Slack) Forward<T>(
        ExpertWeights<T> experts, ReferenceActivation activation, ReferenceRounding rounding, ReadOnlySpan<float> hidden, ReadOnlySpan<float> weights, ReadOnlySpan<int> ids)
        where T : unmanaged
    {
        var x = Array.ConvertAll(hidden.ToArray(), number => (double)number);
        rounding.Round(x, error: 0);
        double[] output = new double[x.Length], slack = new double[x.Length];
        var activated = new double[experts.IntermediateSize];
        for (var slot = 0; slot < ids.Length; slot++)
        {
            var expert = ids[slot];
            if (expert < 0) continue;
            Parallel.For(0, activated.Length, i =>
            {
                float[] gate = new float[x.Length], up = new float[x.Length];
                experts.CopyRow(ExpertProjection.Gate, expert, i, gate);
                if (experts.IsGated) experts.CopyRow(ExpertProjection.Up, expert, i, up);
                double g = 0, u = 0;
                for (var h = 0; h < x.Length; h++)
                {
                    g += x[h] * gate[h];
                    u += x[h] * up[h];
                }

                activated[i] = activation.Of(g, u);
            });

            var steps = rounding.Round(activated, ActivationError);
            var weight = weights[slot];
            Parallel.For(0, output.Length, h =>
            {
                var down = new float[activated.Length];
                experts.CopyRow(ExpertProjection.Down, expert, h, down);
                double sum = 0, step = 0;
                for (var i = 0; i < activated.Length; i++)
                {
                    sum += activated[i] * down[i];
                    step += steps[i] * Math.Abs(down[i]);
                }

                output[h] += weight * sum;
                slack[h] += Math.Abs(weight) * step;
            });
        }

        return (output, slack);
    }
}
