namespace KernelGen.Testing;

/// <summary>
/// How far sums in single precision may be from <see cref="ReferenceMoe"/>: each sum by a share of the sum of its terms'
/// magnitudes, carried through the activation and the second product. Nothing in it is absolute, so it fits inputs of any size.
/// </summary>
public static class ExpertsErrorBound
{
    /// <summary>
    /// Of the sum of the terms' magnitudes. Rounding every partial sum of K random terms errs by about a quarter of 2⁻²⁴ · Σ|terms| whatever
    /// K is, for partial sums grow with √K and Σ|terms| with K; by √K / 6 of it where all terms have one sign.
    /// </summary>
    private const double OfTerms = 4.0 / (1 << 24);

    /// <summary>Of an activation's value, for gelu of its argument: 5 units in the last place (docs/numerics.md).</summary>
    private const double OfActivation = 10.0 / (1 << 24);

    // What lies below the smallest numbers of single precision: where σ or e⁻ˣ has become 0.
    private const double Smallest = 1e-30;

    /// <summary>The bound for every element of the output [T, H]. Parameters as in <see cref="ReferenceMoe"/>.</summary>
    public static double[] Of(
        float[] hidden, Func<int, int, int, double> gateUp, Func<int, int, int, double> down, float[] weights, int[] experts, int tokens, int topK, int hiddenSize, int intermediateSize, ExpertForm form)
    {
        var bound = new double[(long)tokens * hiddenSize];
        double[] activations = new double[intermediateSize], errors = new double[intermediateSize];
        for (var slot = 0; slot < tokens * topK; slot++)
        {
            var expert = experts[slot];
            if (expert < 0) continue;
            var input = hidden.AsSpan(slot / topK * hiddenSize, hiddenSize);
            var onInput = form.RouterWeightOnInput ? (double)weights[slot] : 1;
            var width = form.IsGated ? 2 * intermediateSize : intermediateSize;
            for (var i = 0; i < intermediateSize; i++)
            {
                var (gate, gateTerms) = Sum(input, onInput, expert, i);
                var (up, upTerms) = form.IsGated ? Sum(input, onInput, expert, intermediateSize + i) : (0, 0);
                activations[i] = form.Activate(gate, up);
                errors[i] = ActivationError(form, gate, up, OfTerms * gateTerms, OfTerms * upTerms);
            }

            var weight = form.RouterWeightOnInput ? 1 : Math.Abs(weights[slot]);
            for (var h = 0; h < hiddenSize; h++)
            {
                double terms = Math.Abs(form.DownBias?[(expert * hiddenSize) + h] ?? 0), carried = 0;
                for (var i = 0; i < intermediateSize; i++)
                {
                    var element = Math.Abs(down(expert, h, i));
                    terms += Math.Abs(activations[i]) * element;
                    carried += errors[i] * element;
                }

                bound[(slot / topK * hiddenSize) + h] += weight * ((OfTerms * terms) + carried);
            }

            (double Sum, double Terms) Sum(ReadOnlySpan<float> x, double factor, int e, int row)
            {
                double sum = form.GateUpBias?[(e * width) + row] ?? 0, terms = Math.Abs(sum);
                for (var h = 0; h < x.Length; h++)
                {
                    var term = factor * x[h] * gateUp(e, row, h);
                    sum += term;
                    terms += Math.Abs(term);
                }

                return (sum, terms);
            }
        }

        return bound;
    }

    /// <summary>The activation's own error, and what it makes of those of its arguments: the largest difference at the corners of their intervals.</summary>
    private static double ActivationError(ExpertForm form, double gate, double up, double gateError, double upError)
    {
        var exact = form.Activate(gate, up);
        var largest = 0.0;
        foreach (var g in new[] { gate - gateError, gate + gateError })
        {
            foreach (var u in new[] { up - upError, up + upError }) largest = Math.Max(largest, Math.Abs(form.Activate(g, u) - exact));
        }

        // gelu cancels on its left side: its error is a share of its arguments.
        var isGelu = form.Activation is MoeActivation.Gelu or MoeActivation.GeluAndMul or MoeActivation.GeluTanhAndMul;
        var magnitude = isGelu ? Math.Abs(gate * (form.IsGated ? up : 1)) : Math.Abs(exact);
        return largest + (OfActivation * magnitude) + (Smallest * (1 + Math.Abs(up)));
    }
}
