namespace KernelGen.Testing;

/// <summary>The experts of a MoE layer in double precision, one multiplication after the other.</summary>
public static class ReferenceMoe
{
    /// <summary>What activations may be off by, beside 1 and more, where functions are a processor's.</summary>
    public const double ActivationError = 2e-6;

    /// <summary>The same where they are a device's.</summary>
    public const double ActivationErrorOnDevice = 2e-5;

    /// <summary>
    /// What sums in single precision may be off by, of their terms' magnitudes, where roundings are not independent: rounded inputs are few different
    /// numbers, so that equal terms are rounded alike, and tensor cores cut off, which all partial sums share: √K / 5 times 2⁻²⁴ for random terms, below 16 up to K = 6000.
    /// </summary>
    public const double SumError = 16.0 / (1 << 24);

    /// <summary>
    /// What sums of 8-bit floats may be off by, of their terms' magnitudes, where tensor cores keep 14 bits (<c>wgmma</c>, added up in single precision after each 128 terms):
    /// docs/numerics.md has the reason. Of five million sums of numbers as tests have them, emulated, the most was three quarters of it.
    /// </summary>
    public const double Sums14Bits = 1.0 / (1 << 9);

    /// <summary>Output [T, H] = Σ over the slots of weight · down(activation(gate(x), up(x))); a slot with expert −1 adds nothing.</summary>
    /// <param name="hidden">[T, H].</param>
    /// <param name="gateUp">Element at expert, row of 2I, column of H.</param>
    /// <param name="down">Element at expert, row of H, column of I.</param>
    /// <param name="weights">[T, k].</param>
    /// <param name="experts">[T, k].</param>
    /// <param name="form">What the experts compute; without one, SwiGLU.</param>
    public static double[] Forward(
        float[] hidden, Func<int, int, int, double> gateUp, Func<int, int, int, double> down, float[] weights, int[] experts, int tokens, int topK, int hiddenSize, int intermediateSize, ExpertForm? form = null) =>
        Forward(hidden, gateUp, down, weights, experts, tokens, topK, hiddenSize, intermediateSize, form ?? new ExpertForm(), rounding: null).Output;

    /// <summary>The same with rounded inputs of both products.</summary>
    /// <param name="activationError">What a kernel's activations may be off by, beside 1 and more.</param>
    /// <param name="sumError">What its sums of the first product may be off by, of their terms' magnitudes.</param>
    public static RoundedMoe Forward(
        float[] hidden, Func<int, int, int, double> gateUp, Func<int, int, int, double> down, float[] weights, int[] experts, int tokens, int topK, int hiddenSize, int intermediateSize,
        ExpertForm form, InputRounding? rounding, double activationError = ActivationError, double sumError = SumError)
    {
        var x = Array.ConvertAll(hidden, value => (double)value);
        rounding?.Round(x, hiddenSize, rounding.HiddenScale);
        var activations = new double[(long)tokens * topK * intermediateSize]; // 0 without an expert, which no scale comes from
        var errors = new double[rounding is null ? 0 : activations.LongLength];
        Parallel.For(0, tokens * topK, slot =>
        {
            if (experts[slot] < 0) return;
            var input = x.AsSpan(slot / topK * hiddenSize, hiddenSize);
            Activate(input, form.RouterWeightOnInput ? weights[slot] : 1, experts[slot], gateUp, form, activations.AsSpan(slot * intermediateSize, intermediateSize), sumError, rounding is null ? default : errors.AsSpan(slot * intermediateSize, intermediateSize));
        });

        for (var i = 0L; i < errors.LongLength; i++) errors[i] += activationError * (1 + Math.Abs(activations[i]));
        var rounded = rounding?.Round(activations, intermediateSize, rounding.ActivationScale, errors);
        var result = new RoundedMoe(tokens * hiddenSize);
        Parallel.For(0, tokens, token =>
        {
            for (var slot = token * topK; slot < (token + 1) * topK; slot++)
            {
                if (experts[slot] >= 0) Add(slot);
            }
        });
        return result;

        void Add(int slot)
        {
            var expert = experts[slot];
            var weight = form.RouterWeightOnInput ? 1 : weights[slot];
            var products = new double[intermediateSize];
            for (var h = 0; h < hiddenSize; h++)
            {
                double sum = form.DownBias?[(expert * hiddenSize) + h] ?? 0, step = 0, terms = Math.Abs(sum);
                for (var i = 0; i < intermediateSize; i++)
                {
                    var element = down(expert, h, i);
                    products[i] = activations[(slot * intermediateSize) + i] * element;
                    sum += products[i];
                    terms += Math.Abs(products[i]);
                    step += (rounded?.Steps[(slot * intermediateSize) + i] ?? 0) * Math.Abs(element);
                }

                step += rounded?.OfScales(slot, products) ?? 0;
                result.Add((slot / topK * hiddenSize) + h, weight, sum, step, terms);
            }
        }
    }

    private static void Activate(
        ReadOnlySpan<double> input, double onInput, int expert, Func<int, int, int, double> gateUp, ExpertForm form, Span<double> activations, double sumError, Span<double> errors)
    {
        var width = form.IsGated ? 2 * activations.Length : activations.Length;
        for (var i = 0; i < activations.Length; i++)
        {
            double gate = form.GateUpBias?[(expert * width) + i] ?? 0, up = form.IsGated ? form.GateUpBias?[(expert * width) + activations.Length + i] ?? 0 : 0;
            var (gateTerms, upTerms) = (0.0, 0.0);
            for (var h = 0; h < input.Length; h++)
            {
                var x = onInput * input[h];
                var term = x * gateUp(expert, i, h);
                (gate, gateTerms) = (gate + term, gateTerms + Math.Abs(term));
                if (!form.IsGated) continue;
                term = x * gateUp(expert, activations.Length + i, h);
                (up, upTerms) = (up + term, upTerms + Math.Abs(term));
            }

            activations[i] = form.Activate(gate, up);
            if (!errors.IsEmpty) errors[i] = form.ActivationError(gate, up, sumError * gateTerms, sumError * upTerms);
        }
    }
}

/// <summary>What experts yield that round the inputs of both products, [T, H], and what else there is to know of each element.</summary>
/// <param name="length">Number of elements.</param>
public sealed class RoundedMoe(int length)
{
    /// <summary>The output.</summary>
    public double[] Output { get; } = new double[length];

    /// <summary>
    /// How far another's may be from it because intermediate states that are a little different lie on the other side of a tie, or have another
    /// scale (<see cref="RoundingErrors"/>).
    /// </summary>
    public double[] Slack { get; } = new double[length];

    /// <summary>Σ of the magnitudes of all terms of the second product.</summary>
    public double[] Terms { get; } = new double[length];

    /// <summary>Σ of the magnitudes of the slots' results.</summary>
    public double[] Results { get; } = new double[length];

    internal void Add(int index, double weight, double sum, double step, double terms)
    {
        Output[index] += weight * sum;
        weight = Math.Abs(weight);
        Slack[index] += weight * step;
        Terms[index] += weight * terms;
        Results[index] += weight * Math.Abs(sum);
    }
}
