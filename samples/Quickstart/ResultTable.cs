using System.Globalization;
using KernelGen;
using KernelGen.Benchmarking;

namespace Quickstart;

/// <summary>A line for each kernel and number of tokens.</summary>
internal sealed class ResultTable
{
    private readonly MachineLimits _limitsBefore = MachineLimits.Measure();
    private readonly List<string> _failures = [];

    public ResultTable() => Write("kernel", "tokens", "µs", "GFLOP/s", "GB/s", "÷ unspecialised", "max error");

    /// <summary>Time for each kernel.</summary>
    public static TimeSpan Budget { get; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Writes a line.</summary>
    /// <param name="variant">The kernel.</param>
    /// <param name="tokens">T.</param>
    /// <param name="timings">Of the specialised kernel and of the unspecialised one.</param>
    /// <param name="check">What came of the comparison.</param>
    /// <param name="bytes">Bytes that a call must read and write.</param>
    /// <param name="operations">Operations of a call; 0 where bytes alone limit.</param>
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

    /// <summary>Says how it went and gives the exit code.</summary>
    public int Finish()
    {
        Console.WriteLine();
        Console.WriteLine($"The most that this machine gave before and after ({MachineInfo.Current.Cpu}): {_limitsBefore.Or(MachineLimits.Measure())}.");
        foreach (var failure in _failures) Console.Error.WriteLine(failure);
        if (_failures.Count == 0) Console.WriteLine("All results are those of the references.");
        return _failures.Count == 0 ? 0 : 1;
    }

    private static void Write(params string[] cells) => Console.WriteLine(
        "{0,-42}{1,7}{2,10}{3,9}{4,7}{5,17}{6,11}", cells);

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
