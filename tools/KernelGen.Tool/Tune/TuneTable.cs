using System.Globalization;
using KernelGen.Tuning;
using Spectre.Console;

namespace KernelGen.Tool.Tune;

/// <summary>What a search has found: for each number of tokens the best candidate beside the heuristic's choice.</summary>
/// <param name="space">What was searched.</param>
/// <param name="validCount">How many of its points can run.</param>
internal sealed class TuneTable(SearchSpace space, int validCount)
{
    private readonly List<(TunedRow Row, string Name)> _rows = [];

    /// <summary>What was found.</summary>
    public IEnumerable<TunedRow> Rows => _rows.Select(row => row.Row);

    /// <summary>Adds a row.</summary>
    public void Add(TunedRow row, string name) => _rows.Add((row, name));

    /// <summary>Writes the table, and how much of the space it rests on.</summary>
    public void Write(IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Simple };
        var isCompared = Rows.Any(row => row.ComparedRatio is not null);
        string[] headings = ["tokens", "best", "heuristic µs", "tuned µs", "tuned ÷ heuristic", .. isCompared ? new[] { "file ÷ heuristic" } : [], "measured"];
        foreach (var heading in headings)
        {
            var column = new TableColumn(heading).NoWrap().PadLeft(0).PadRight(0);
            table.AddColumn(heading == "best" ? column : column.RightAligned());
        }

        foreach (var (row, name) in _rows)
        {
            string[] compared = isCompared ? [row.ComparedRatio is { } ratio ? Number(ratio, "F3") : "–"] : [];
            table.AddRow([Number(row.Tokens, "F0"), name, Number(row.BaselineUs, "F1"), Number(row.BestUs, "F1"), Number(row.Ratio, "F3"), .. compared, Number(row.Measured.Count, "F0")]);
        }

        console.Write(table);
        if (Rows.Where(row => row.Ratio > 1).Select(row => $"{row.Tokens}").ToArray() is { Length: > 0 } slower)
            console.WriteLine($"{string.Join(", ", slower)} tokens: the heuristic's products have different tiles, which one file cannot hold; --separate writes two");
        var measured = _rows.SelectMany(row => row.Row.Measured.Keys).Distinct().Count();
        console.WriteLine(FormattableString.Invariant($"{space.Name}: {space.Count} combinations, {validCount} can run, {measured} were measured, with the heuristics' choices and their neighbours"));
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
