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
    /// <summary>Rounds the rows [R, width] in place, and tells how far another's result may be from them if its inputs were off by the <paramref name="errors"/>.</summary>
    /// <param name="rows">Receives the rounded numbers.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="staticScale">One of the scales.</param>
    /// <param name="errors">Bounds of the errors of the inputs; null for exact ones.</param>
    public RoundingErrors Round(double[] rows, int width, float staticScale, double[]? errors = null)
    {
        errors ??= new double[rows.Length];
        var group = Kind == ActivationQuantization.DynamicGroup128 ? 128 : width;
        var groups = (width + group - 1) / group;
        var result = new RoundingErrors(new double[rows.Length], new double[rows.Length / width * groups], group);
        if (Kind is ActivationQuantization.StaticTensor or ActivationQuantization.DynamicTensor)
        {
            Array.Fill(result.Scales, Round(rows, result.Steps, errors, staticScale));
            return result;
        }

        for (var row = 0; row < rows.Length / width; row++)
        {
            for (var g = 0; g < groups; g++)
            {
                var (first, count) = ((row * width) + (g * group), Math.Min(group, width - (g * group)));
                result.Scales[(row * groups) + g] = Round(rows.AsSpan(first, count), result.Steps.AsSpan(first, count), errors.AsSpan(first, count), 0);
            }
        }

        return result;
    }

    private double Round(Span<double> values, Span<double> steps, ReadOnlySpan<double> errors, float scale)
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
            steps[i] = off == 0 ? 0 : (Number((values[i] + off) / scale) - Number((values[i] - off) / scale)) * scale;
            values[i] = Number((float)values[i] / scale) * scale;
        }

        return scaleError;
    }

    private double Number(double quotient) =>
        Type == DType.Int8 ? Math.Clamp(Math.Round(quotient, MidpointRounding.ToEven), -127, 127) : (float)(Float8E4M3)(float)quotient;
}

/// <summary>How far another's rounded rows [R, width] may be from these.</summary>
/// <param name="Steps">[R, width]: the distance of what both ends of a number's interval are rounded to. That is 0 unless a tie lies within, and a whole step if one does.</param>
/// <param name="Scales">[R, groups], relative: the error of a group's scale, which comes from its largest number and is that of all its numbers alike.</param>
/// <param name="Group">Numbers of a row that share a scale.</param>
public sealed record RoundingErrors(double[] Steps, double[] Scales, int Group)
{
    /// <summary>What errors of the scales make of a row's product with a column.</summary>
    /// <param name="row">The row.</param>
    /// <param name="terms">The products of its numbers.</param>
    public double OfScales(int row, ReadOnlySpan<double> terms)
    {
        var (error, groups) = (0.0, (terms.Length + Group - 1) / Group);
        for (var g = 0; g < groups; g++)
        {
            var sum = 0.0;
            foreach (var term in terms.Slice(g * Group, Math.Min(Group, terms.Length - (g * Group)))) sum += term;
            error += Scales[(row * groups) + g] * Math.Abs(sum);
        }

        return error;
    }
}
