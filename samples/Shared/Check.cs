using System.Globalization;

namespace Samples;

/// <summary>Compares results with the expected ones, prints the outcome and records failures.</summary>
internal static class Check
{
    /// <summary>The exit code of the process: 1 after a failure.</summary>
    public static int ExitCode { get; private set; }

    /// <summary>Requires that the largest error, relative to the largest number, does not exceed a tolerance.</summary>
    public static void Close(string what, ReadOnlySpan<float> actual, ReadOnlySpan<double> expected, double tolerance)
    {
        double error = 0, largest = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs(actual[i] - expected[i]);
            error = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(error, difference);
            largest = Math.Max(largest, Math.Abs(expected[i]));
        }

        Report(what, error / largest, tolerance);
    }

    /// <summary>Requires that an error does not exceed a tolerance.</summary>
    public static void Report(string what, double error, double tolerance)
    {
        var right = error <= tolerance;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-58} error {error:0.0e-0}, allowed {tolerance:0.0e-0}{(right ? "" : "  WRONG")}"));
        if (!right) ExitCode = 1;
    }
}
