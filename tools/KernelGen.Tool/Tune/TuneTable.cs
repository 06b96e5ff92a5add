using System.Globalization;
using KernelGen.Tuning;
using Spectre.Console;

namespace KernelGen.Tool.Tune;

/// <summary>The result of a search: for each token count, the best candidate next to the heuristic's choice.</summary>
/// <param name="space">The search space.</param>
/// <param name="validCount">Number of its points that can run.</param>
internal sealed class TuneTable(SearchSpace space, int validCount)
{
    private readonly List<(TunedRow Row, string Name)> _rows = [];

    /// <summary>The rows.</summary>
    public IEnumerable<TunedRow> Rows => _rows.Select(row => row.Row);

    /// <summary>Adds a row.</summary>
    public void Add(TunedRow row, string name) => _rows.Add((row, name));

    /// <summary>Writes the table, and how much of the space was measured.</summary>
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
            console.WriteLine($"{string.Join(", ", slower)} tokens: the heuristic uses different tiles for the two GEMMs, which a single file cannot express; --separate writes two files");
        var measured = _rows.SelectMany(row => row.Row.Measured.Keys).Distinct().Count();
        console.WriteLine(FormattableString.Invariant($"{space.Name}: {space.Count} combinations, {validCount} can run, {measured} measured, including the heuristic's choices and their neighbours"));
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
