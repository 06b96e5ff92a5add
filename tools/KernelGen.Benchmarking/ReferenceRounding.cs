namespace KernelGen.Benchmarking;

/// <summary>Quantises the inputs of a GEMM as w8a8 defines it, one token at a time: q = round(x / s), s from the largest magnitude.</summary>
/// <param name="Kind"><see cref="ActivationQuantization.DynamicToken"/>, <see cref="ActivationQuantization.DynamicGroup128"/> or none.</param>
/// <param name="Integers">Whether inputs become 8-bit integers rather than 8-bit floats.</param>
internal readonly record struct ReferenceRounding(ActivationQuantization Kind, bool Integers)
{
    private const int GroupSize = 128;

    /// <summary>
    /// Quantises a token's numbers in place. Returns how far a kernel's numbers may be from them if its inputs were off by the
    /// <paramref name="errors"/> (null if exact): one step if a tie lies in between.
    /// </summary>
    public double[] Round(double[] numbers, double[]? errors = null)
    {
        var steps = new double[numbers.Length];
        if (Kind == ActivationQuantization.None) return steps;
        errors ??= new double[numbers.Length];
        var width = Kind == ActivationQuantization.DynamicGroup128 ? GroupSize : numbers.Length;
        for (var first = 0; first < numbers.Length; first += width)
        {
            var count = Math.Min(width, numbers.Length - first);
            var (largest, largestError) = (0.0, 0.0);
            for (var i = first; i < first + count; i++)
            {
                largest = Math.Max(largest, Math.Abs(numbers[i]));
                largestError = Math.Max(largestError, errors[i]);
            }

            var scale = Math.Max((float)largest, 1e-10f) / (Integers ? 127f : 448f);
            for (var i = first; i < first + count; i++)
            {
                // The error of the number itself, and that of the scale.
                var off = errors[i] + (Math.Abs(numbers[i]) / Math.Max(largest, 1e-10) * largestError);
                steps[i] = (Number((numbers[i] + off) / scale) - Number((numbers[i] - off) / scale)) * scale;
                numbers[i] = Number((float)numbers[i] / scale) * scale;
            }
        }

        return steps;
    }

    private double Number(double quotient) =>
        Integers ? Math.Clamp(Math.Round(quotient, MidpointRounding.ToEven), -127, 127) : (float)(Float8E4M3)(float)quotient;
}
