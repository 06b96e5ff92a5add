namespace KernelGen.Testing;

/// <summary>
/// What w8a8 does to the inputs of a product, from its definition: q = round(x / s), to nearest, ties to even, for 8-bit floats or integers.
/// </summary>
/// <param name="Kind">Which numbers share a scale.</param>
/// <param name="Type"><see cref="DType.Float8E4M3"/> or <see cref="DType.Int8"/>.</param>
/// <param name="HiddenScale">Scale of the hidden states, with <see cref="ActivationQuantization.StaticTensor"/>.</param>
/// <param name="ActivationScale">Scale of the intermediate states, with <see cref="ActivationQuantization.StaticTensor"/>.</param>
public sealed record InputRounding(ActivationQuantization Kind, DType Type, float HiddenScale = 0, float ActivationScale = 0)
{
    /// <summary>
    /// Rounds the rows [R, width] in place, and tells how far another's result may be from each if its input was off by
    /// one of the <paramref name="errors"/>: the distance of what both ends of that interval are rounded to. That is 0 unless
    /// a tie lies within, and a whole step if one does.
    /// </summary>
    /// <param name="rows">Receives the rounded numbers.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="staticScale">One of the scales.</param>
    /// <param name="errors">Bounds of the errors of the inputs; null for exact ones.</param>
    public double[] Round(double[] rows, int width, float staticScale, double[]? errors = null)
    {
        var slack = new double[rows.Length];
        errors ??= new double[rows.Length];
        var group = Kind == ActivationQuantization.DynamicGroup128 ? 128 : width;
        if (Kind is ActivationQuantization.StaticTensor or ActivationQuantization.DynamicTensor)
        {
            Round(rows, slack, errors, staticScale);
            return slack;
        }

        for (var row = 0; row < rows.Length; row += width)
        {
            for (var k = 0; k < width; k += group)
            {
                var count = Math.Min(group, width - k);
                Round(rows.AsSpan(row + k, count), slack.AsSpan(row + k, count), errors.AsSpan(row + k, count), 0);
            }
        }

        return slack;
    }

    private void Round(Span<double> values, Span<double> slack, ReadOnlySpan<double> errors, float scale)
    {
        var (largest, largestError) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(values[i]));
            largestError = Math.Max(largestError, Math.Abs(values[i]) + errors[i]);
        }

        var scaleError = 0.0;
        if (Kind != ActivationQuantization.StaticTensor)
        {
            scale = Math.Max((float)largest, 1e-10f) / (Type == DType.Int8 ? 127f : 448f);
            scaleError = largest > 0 ? (largestError - largest) / largest : 0;
        }

        for (var i = 0; i < values.Length; i++)
        {
            var off = errors[i] + (Math.Abs(values[i]) * scaleError);
            slack[i] = off == 0 ? 0 : (Number((values[i] + off) / scale) - Number((values[i] - off) / scale)) * scale;
            values[i] = Number((float)values[i] / scale) * scale;
        }
    }

    private double Number(double quotient) =>
        Type == DType.Int8 ? Math.Clamp(Math.Round(quotient, MidpointRounding.ToEven), -127, 127) : (float)(Float8E4M3)(float)quotient;
}
