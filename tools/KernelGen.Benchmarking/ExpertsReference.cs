namespace KernelGen.Benchmarking;

/// <summary>Computes the experts of one token in double precision.</summary>
internal static class ExpertsReference
{
    // Maximum error of a kernel's intermediate states before they are quantised: of its sums, a share of their terms' magnitudes, because equal
    // terms round alike; of its activation, a share of 1 + |a|.
    private const double SumError = 16.0 / (1 << 24);
    private const double ActivationError = 2e-6;

    /// <summary>
    /// Σ over the slots of weight · down(activation(gate(x), up(x))), and how far a kernel may be from each element because it rounds an
    /// intermediate state near a tie to the other side.
    /// </summary>
    /// <param name="experts">The experts.</param>
    /// <param name="activation">The experts' activation.</param>
    /// <param name="rounding">How the GEMM inputs are quantised.</param>
    /// <param name="hidden">[H].</param>
    /// <param name="weights">[k].</param>
    /// <param name="ids">[k]; −1 skips the slot.</param>
    public static (double[] Output, double[] Slack) Forward<T>(
        ExpertWeights<T> experts, ReferenceActivation activation, ReferenceRounding rounding, ReadOnlySpan<float> hidden, ReadOnlySpan<float> weights, ReadOnlySpan<int> ids)
        where T : unmanaged
    {
        var x = Array.ConvertAll(hidden.ToArray(), number => (double)number);
        rounding.Round(x);
        double[] output = new double[x.Length], slack = new double[x.Length];
        double[] activated = new double[experts.IntermediateSize], errors = new double[experts.IntermediateSize];
        for (var slot = 0; slot < ids.Length; slot++)
        {
            var expert = ids[slot];
            if (expert < 0) continue;
            Parallel.For(0, activated.Length, i =>
            {
                float[] gate = new float[x.Length], up = new float[x.Length];
                experts.CopyRow(ExpertProjection.Gate, expert, i, gate);
                if (experts.IsGated) experts.CopyRow(ExpertProjection.Up, expert, i, up);
                double g = 0, u = 0, gateTerms = 0, upTerms = 0;
                for (var h = 0; h < x.Length; h++)
                {
                    var (gateTerm, upTerm) = (x[h] * gate[h], x[h] * up[h]);
                    (g, u) = (g + gateTerm, u + upTerm);
                    (gateTerms, upTerms) = (gateTerms + Math.Abs(gateTerm), upTerms + Math.Abs(upTerm));
                }

                activated[i] = activation.Of(g, u);
                if (rounding.Kind != ActivationQuantization.None)
                    errors[i] = activation.ErrorOf(g, u, SumError * gateTerms, SumError * upTerms) + (ActivationError * (1 + Math.Abs(activated[i])));
            });

            var steps = rounding.Round(activated, errors);
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
