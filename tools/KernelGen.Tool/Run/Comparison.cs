namespace KernelGen.Tool;

/// <summary>The difference between two matrices. An element matches if |actual − expected| ≤ atol + rtol · |expected|; NaN never matches.</summary>
/// <param name="Elements">Number of elements.</param>
/// <param name="Mismatches">Number of elements that do not match.</param>
/// <param name="FirstMismatch">A description of the first mismatch, or null.</param>
/// <param name="MaxAbsoluteError">Largest |actual − expected|.</param>
/// <param name="MaxRelativeError">Largest |actual − expected| ÷ |expected| of the elements larger than atol.</param>
internal sealed record Comparison(int Elements, int Mismatches, string? FirstMismatch, double MaxAbsoluteError, double MaxRelativeError)
{
    /// <summary>Compares row-major matrices of equal shapes.</summary>
    public static Comparison Of(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, int columns, double rtol, double atol)
    {
        var mismatches = 0;
        string? first = null;
        double absolute = 0, relative = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            if (actual[i] == expected[i]) continue; // includes infinities
            var magnitude = Math.Abs((double)expected[i]);
            var error = Math.Abs((double)actual[i] - expected[i]);
            if (!(error <= atol + (rtol * magnitude)) || double.IsInfinity(magnitude))
            {
                mismatches++;
                first ??= FormattableString.Invariant($"[{i / columns}, {i % columns}] is {actual[i]:G6}, expected {expected[i]:G6}");
            }

            absolute = Math.Max(absolute, error); // NaN stays
            if (!(magnitude <= atol)) relative = Math.Max(relative, error / magnitude);
        }

        return new Comparison(actual.Length, mismatches, first, absolute, relative);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var errors = FormattableString.Invariant($"largest error {MaxAbsoluteError:G3} absolute, {MaxRelativeError:G3} relative");
        return Mismatches == 0 ? errors : FormattableString.Invariant($"{Mismatches} of {Elements} elements differ, the first at {FirstMismatch}; {errors}");
    }
}
