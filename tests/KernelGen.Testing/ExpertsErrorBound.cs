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

    /// <summary>Of an activation's value, for gelu of its argument: 5 units in the last place (docs/numerics.md). On a processor.</summary>
    private const double OfActivation = 10.0 / (1 << 24);

    /// <summary>Approximate exponentials and reciprocals, and erf to 7.5e-8.</summary>
    private const double OfActivationOnDevice = 64.0 / (1 << 24);

    /// <summary>Half the distance of two bfloat16 numbers, of the smaller one.</summary>
    private const double OfBFloat16 = 1.0 / 256;

    // What lies below the smallest numbers of single precision: where σ or e⁻ˣ has become 0.
    private const double Smallest = 1e-30;

    /// <summary>The bound for every element of the output [T, H]. Parameters as in <see cref="ReferenceMoe"/>.</summary>
    public static double[] Of(
        float[] hidden, Func<int, int, int, double> gateUp, Func<int, int, int, double> down, float[] weights, int[] experts, int tokens, int topK, int hiddenSize, int intermediateSize, ExpertForm form,
        ExpertArithmetic arithmetic = ExpertArithmetic.Processor)
    {
        var tensorCores = arithmetic == ExpertArithmetic.TensorCores;
        var ofActivation = arithmetic == ExpertArithmetic.Processor ? OfActivation : OfActivationOnDevice;
        var ofTerms = tensorCores ? ReferenceMoe.SumError : OfTerms;
        var bound = new double[(long)tokens * hiddenSize];
        Parallel.For(0, tokens, token =>
        {
            for (var slot = token * topK; slot < (token + 1) * topK; slot++)
            {
                if (experts[slot] >= 0) Add(slot);
            }
        });
        return bound;

        void Add(int slot)
        {
            double[] activations = new double[intermediateSize], errors = new double[intermediateSize];
            var expert = experts[slot];
            var input = hidden.AsSpan(slot / topK * hiddenSize, hiddenSize);
            var onInput = form.RouterWeightOnInput ? (double)weights[slot] : 1;
            var width = form.IsGated ? 2 * intermediateSize : intermediateSize;
            for (var i = 0; i < intermediateSize; i++)
            {
                var (gate, gateTerms) = Sum(input, onInput, expert, i);
                var (up, upTerms) = form.IsGated ? Sum(input, onInput, expert, intermediateSize + i) : (0, 0);
                activations[i] = form.Activate(gate, up);
                errors[i] = ActivationError(form, gate, up, ofTerms * gateTerms, ofTerms * upTerms, ofActivation);
            }

            var weight = form.RouterWeightOnInput ? 1 : Math.Abs(weights[slot]);
            for (var h = 0; h < hiddenSize; h++)
            {
                double sum = form.DownBias?[(expert * hiddenSize) + h] ?? 0, terms = Math.Abs(sum), carried = 0, roundings = 0;
                for (var i = 0; i < intermediateSize; i++)
                {
                    var element = down(expert, h, i);
                    sum += activations[i] * element;
                    element = Math.Abs(element);
                    var rounding = OfBFloat16 * activations[i] * element;
                    roundings += rounding * rounding / 3;
                    terms += Math.Abs(activations[i]) * element;
                    carried += errors[i] * element;
                }

                var onTensorCores = tensorCores ? (6 * Math.Sqrt(roundings)) + (OfBFloat16 * Math.Abs(sum)) : 0;
                bound[(slot / topK * hiddenSize) + h] += weight * ((ofTerms * terms) + carried + onTensorCores);
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
    }

    /// <summary>The activation's own error, and the propagated errors of its arguments.</summary>
    private static double ActivationError(ExpertForm form, double gate, double up, double gateError, double upError, double ofActivation)
    {
        // gelu cancels on its left side: its error is a share of its arguments.
        var isGelu = form.Activation is MoeActivation.Gelu or MoeActivation.GeluAndMul or MoeActivation.GeluTanhAndMul;
        var magnitude = isGelu ? Math.Abs(gate * (form.IsGated ? up : 1)) : Math.Abs(form.Activate(gate, up));
        return form.ActivationError(gate, up, gateError, upError) + (ofActivation * magnitude) + (Smallest * (1 + Math.Abs(up)));
    }
}

/// <summary>What experts are computed with.</summary>
public enum ExpertArithmetic
{
    /// <summary>Single precision.</summary>
    Processor,

    /// <summary>Single precision with a device's approximate functions.</summary>
    Device,

    /// <summary>
    /// Of a device, where intermediate states and each slot's result are rounded to bfloat16 (of the hidden states, give the rounded ones).
    /// Roundings of the intermediate states are independent, so that their sum is within six standard deviations.
    /// </summary>
    TensorCores,
}
