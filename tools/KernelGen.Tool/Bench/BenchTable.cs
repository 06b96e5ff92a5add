using System.Globalization;
using KernelGen.Benchmarking;
using Spectre.Console;

namespace KernelGen.Tool;

/// <summary>A benchmark as a table: for each number of tokens the kernels, their share of the machine's limits, and what specialisation brings.</summary>
internal static class BenchTable
{
    // A narrower console gets neither bars nor the fastest call.
    private const int FullWidth = 100;
    private const int BarWidth = 12;

    public static void Write(IAnsiConsole console, BenchContext bench)
    {
        var isFull = console.Profile.Width >= FullWidth;
        var withOperations = bench.Rows.Any(row => row.Gflops is not null);
        var references = bench.Rows.Select(row => row.Form).Where(form => form is Forms.Unspecialized or Forms.PlainCSharp or Forms.Scan).Distinct().ToArray();
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn(new TableColumn("T").RightAligned().NoWrap().PadLeft(0).PadRight(0));
        table.AddColumn(new TableColumn("kernel").NoWrap().PadLeft(0).PadRight(0));
        foreach (var heading in Headings(isFull, withOperations, references)) table.AddColumn(new TableColumn(heading).RightAligned().NoWrap().PadLeft(0).PadRight(0));
        if (isFull) table.AddColumn(new TableColumn("").NoWrap().PadLeft(0).PadRight(0));

        var block = console.Profile.Capabilities.Unicode ? '█' : '#';
        var sameTokens = bench.Rows.GroupBy(row => row.Tokens).ToArray();
        var most = sameTokens.Max(rows => rows.Max(row => SpeedUp(row, rows.MaxBy(other => other.Timing.MedianUs)!)));
        foreach (var rows in sameTokens)
        {
            if (table.Rows.Count > 0) table.AddEmptyRow();
            var slowest = rows.MaxBy(row => row.Timing.MedianUs)!;
            foreach (var row in rows)
            {
                var length = (int)Math.Ceiling(SpeedUp(row, slowest) / most * BarWidth);
                string[] bar = isFull ? [new string(block, length)] : [];
                table.AddRow([Number(row.Tokens), row.Form, .. Cells(row, rows, isFull, withOperations, references, bench.Limits), .. bar]);
            }
        }

        console.WriteLine(bench.Subject);
        console.WriteLine($"{MachineInfo.Current.Cpu}, {MachineInfo.Current.Cores} processors");
        console.WriteLine($"limits: {bench.Limits}");
        console.Write(table);
        foreach (var note in bench.Notes) console.WriteLine(note);
    }

    private static IEnumerable<string> Headings(bool isFull, bool withOperations, IEnumerable<string> references) =>
    [
        "median µs",
        .. isFull ? ["min µs"] : Array.Empty<string>(),
        .. withOperations ? ["GFLOP/s", "peak"] : Array.Empty<string>(),
        "GB/s", "memory", "error",
        .. references.Select(form => $"÷ {(form == Forms.Unspecialized ? "unspec." : form)}"),
    ];

    private static IEnumerable<string> Cells(
        BenchRow row, IGrouping<int, BenchRow> sameTokens, bool isFull, bool withOperations, IEnumerable<string> references, MachineLimits limits)
    {
        yield return Microseconds(row.Timing.MedianUs);
        if (isFull) yield return Microseconds(row.Timing.MinUs);
        if (withOperations)
        {
            yield return Number(row.Gflops!.Value, "F1");
            yield return Percent(row.Gflops!.Value / limits.Gflops);
        }

        yield return Number(row.GigabytesPerSecond, "F1");
        yield return Percent(row.GigabytesPerSecond / limits.GigabytesPerSecond);
        yield return Number(row.MaxError, "0.0e-0");
        foreach (var form in references)
        {
            var reference = sameTokens.FirstOrDefault(other => other.Form == form);
            yield return reference is null ? "–" : $"{Number(SpeedUp(row, reference), "F1")}×";
        }
    }

    private static double SpeedUp(BenchRow row, BenchRow reference) => reference.Timing.MedianUs / row.Timing.MedianUs;

    private static string Microseconds(double value) => Number(value, value < 100 ? "F1" : "F0");

    private static string Percent(double share) => $"{Number(100 * share, "F0")} %";

    private static string Number(double value, string format = "F0") => value.ToString(format, CultureInfo.InvariantCulture);
}
