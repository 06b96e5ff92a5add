namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>Quantises a row of inputs as w8a8 defines it.</summary>
internal static class RowRounding
{
    private const double SmallestMagnitude = 1e-10;

    /// <summary>8-bit floats with one scale for every 128 consecutive elements.</summary>
    public static void Float8Groups(double[] row)
    {
        for (var start = 0; start < row.Length; start += 128) Round(row.AsSpan(start, 128), 448, quotient => (Float8E4M3)(float)quotient);
    }

    /// <summary>8-bit integers with one scale.</summary>
    public static void Int8Row(double[] row) => Round(row, 127, quotient => Math.Round(quotient, MidpointRounding.ToEven));

    private static void Round(Span<double> numbers, double largest, Func<double, double> round)
    {
        var magnitude = SmallestMagnitude;
        foreach (var number in numbers) magnitude = Math.Max(magnitude, Math.Abs(number));
        foreach (ref var number in numbers) number = round(number * largest / magnitude) * magnitude / largest;
    }
}
