using System.Globalization;
using KernelGen.Benchmarking;
using Spectre.Console;

namespace KernelGen.Tool;

/// <summary>A benchmark as a table: the kernels by token count, their share of the machine's limits, and the effect of specialisation.</summary>
internal static class BenchTable
{
    // A narrower console gets neither bars nor the fastest call, and a single comparison: that of devices, if there are several.
    private const int FullWidth = 100;
    private const int BarWidth = 12;

    public static void Write(IAnsiConsole console, BenchContext bench)
    {
        var isFull = console.Profile.Width >= FullWidth;
        var withOperations = bench.Rows.Any(row => row.Gflops is not null);
        var devices = bench.Rows.Select(row => row.Device).Distinct().ToArray();
        var comparesDevices = devices.Length > 1 && devices.Contains(DeviceName.Cpu);
        var references = comparesDevices && !isFull
            ? []
            : bench.Rows.Select(row => row.Form).Where(form => form is Forms.Unspecialized or Forms.PlainCSharp or Forms.Scan).Distinct().ToArray();
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn(new TableColumn("T").RightAligned().NoWrap().PadLeft(0).PadRight(0));
        table.AddColumn(new TableColumn("kernel").NoWrap().PadLeft(0).PadRight(0));
        foreach (var heading in Headings(isFull, withOperations, references, comparesDevices)) table.AddColumn(new TableColumn(heading).RightAligned().NoWrap().PadLeft(0).PadRight(0));
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
                var cells = Cells(row, rows, isFull, withOperations, references, bench.Limits);
                if (comparesDevices) cells = cells.Append(ComparedTo(rows.First(other => other.Device == DeviceName.Cpu), row));
                table.AddRow([Number(row.Tokens), Label(row), .. cells, .. bar]);
            }
        }

        console.WriteLine(bench.Subject);
        console.WriteLine($"{MachineInfo.Current.Cpu}, {MachineInfo.Current.Cores} processors");
        if (devices.Contains(DeviceName.Cpu)) console.WriteLine($"limits: {bench.Limits}");
        foreach (var device in bench.OtherDevices) console.WriteLine($"{device.Name}: {device.Description}");
        console.Write(table);
        foreach (var note in bench.Notes) console.WriteLine(note);
    }

    private static IEnumerable<string> Headings(bool isFull, bool withOperations, IEnumerable<string> references, bool comparesDevices) =>
    [
        "median µs",
        .. isFull ? ["min µs"] : Array.Empty<string>(),
        .. withOperations ? ["GFLOP/s", "peak"] : Array.Empty<string>(),
        "GB/s", "memory", "error",
        .. references.Select(form => $"÷ {(form == Forms.Unspecialized ? "unspec." : form)}"),
        .. comparesDevices ? ["÷ cpu"] : Array.Empty<string>(),
    ];

    private static IEnumerable<string> Cells(
        BenchRow row, IGrouping<int, BenchRow> sameTokens, bool isFull, bool withOperations, IEnumerable<string> references, MachineLimits limits)
    {
        yield return Microseconds(row.Timing.MedianUs);
        if (isFull) yield return Microseconds(row.Timing.MinUs);
        if (withOperations)
        {
            yield return Number(row.Gflops!.Value, "F1");
            yield return Share(row, row.Gflops!.Value / limits.Gflops);
        }

        yield return Number(row.GigabytesPerSecond, "F1");
        yield return Share(row, row.GigabytesPerSecond / limits.GigabytesPerSecond);
        yield return Number(row.MaxError, "0.0e-0");
        foreach (var form in references)
        {
            var reference = sameTokens.FirstOrDefault(other => other.Form == form);
            yield return ComparedTo(reference, row);
        }
    }

    // A device's kernels are always specialised, so its name says more.
    private static string Label(BenchRow row) => row.Device == DeviceName.Cpu
        ? row.Form
        : row.Form == Forms.Specialized ? $"{row.Device}" : $"{row.Device} {row.Form}";

    private static string ComparedTo(BenchRow? reference, BenchRow row) => reference is null ? "–" : $"{Number(SpeedUp(row, reference), "F1")}×";

    private static double SpeedUp(BenchRow row, BenchRow reference) => reference.Timing.MedianUs / row.Timing.MedianUs;

    private static string Microseconds(double value) => Number(value, value < 100 ? "F1" : "F0");

    // The limits are those of the CPU.
    private static string Share(BenchRow row, double share) => row.Device == DeviceName.Cpu ? $"{Number(100 * share, "F0")} %" : "–";

    private static string Number(double value, string format = "F0") => value.ToString(format, CultureInfo.InvariantCulture);
}
