using System.Globalization;
using KernelGen;
using KernelGen.Benchmarking;

namespace Quickstart;

/// <summary>Prints one line per kernel and token count.</summary>
internal sealed class ResultTable
{
    private readonly MachineLimits _limitsBefore = MachineLimits.Measure();
    private readonly List<string> _failures = [];

    public ResultTable() => Write("kernel", "tokens", "µs", "GFLOP/s", "GB/s", "÷ unspecialised", "max error");

    /// <summary>Time budget per kernel.</summary>
    public static TimeSpan Budget { get; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Writes a line.</summary>
    /// <param name="variant">The kernel.</param>
    /// <param name="tokens">T.</param>
    /// <param name="timings">Those of the specialised and the unspecialised kernel.</param>
    /// <param name="check">The result of the comparison.</param>
    /// <param name="bytes">Bytes that a call must read and write.</param>
    /// <param name="operations">Operations per call; 0 if only bytes matter.</param>
    public void Add(KernelVariant variant, int tokens, Timing[] timings, Verification check, double bytes, double operations = 0)
    {
        var us = timings[0].MedianUs;
        Write(
            variant.Name,
            Number(tokens, "F0"),
            Number(us, "F1"),
            operations == 0 ? "" : Number(operations / us / 1e3, "F1"),
            Number(bytes / us / 1e3, "F1"),
            $"{Number(timings[1].MedianUs / us, "F1")}×",
            Number(check.MaxError, "0.0e-0"));
        if (check.Mismatch is not null) _failures.Add($"{variant.Name}, {tokens} tokens: {check.Mismatch}");
    }

    /// <summary>Prints the outcome and returns the exit code.</summary>
    public int Finish()
    {
        Console.WriteLine();
        Console.WriteLine($"Peak of this machine, measured before and after ({MachineInfo.Current.Cpu}): {_limitsBefore.Or(MachineLimits.Measure())}.");
        foreach (var failure in _failures) Console.Error.WriteLine(failure);
        if (_failures.Count == 0) Console.WriteLine("All results match the references.");
        return _failures.Count == 0 ? 0 : 1;
    }

    private static void Write(params string[] cells) => Console.WriteLine(
        "{0,-42}{1,7}{2,10}{3,9}{4,7}{5,17}{6,11}", cells);

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
