using System.Globalization;

namespace KernelGen.Tool.Report;

/// <summary>Times by token count and number of Split-K slices, in the form in which such sweeps are published: one table a hidden size.</summary>
/// <param name="Title">The configuration without its slices, and the device.</param>
/// <param name="Slices">The columns.</param>
/// <param name="Times">Milliseconds by tokens, then in the order of the columns; null where nothing was measured.</param>
internal sealed record SplitKTable(string Title, IReadOnlyList<int> Slices, IReadOnlyList<(int Tokens, IReadOnlyList<double?> Milliseconds)> Times)
{
    private const string Word = "split-K ";

    /// <summary>The tables of all files whose rows differ in slices.</summary>
    public static IReadOnlyList<SplitKTable> All(IReadOnlyList<ResultFile> files) =>
    [
        .. files.SelectMany(file => file.Rows)
            .Select(row => (Row: row, Slices: SlicesOf(row)))
            .Where(entry => entry.Slices > 0)
            .GroupBy(entry => (entry.Row.Device, Title: TitleOf(entry.Row)))
            .Where(rows => rows.Select(entry => entry.Slices).Distinct().Count() > 1)
            .OrderBy(rows => rows.First().Row.Shape.GetValueOrDefault("hiddenSize"))
            .Select(rows => Of($"{rows.Key.Title}, {rows.Key.Device}", [.. rows])),
    ];

    /// <summary>1 for the specialised form, N for <c>split-K N</c>, 0 for any other.</summary>
    private static int SlicesOf(ResultRow row) => row.Form == Forms.Specialized && row.Shape.ContainsKey("hiddenSize") ? 1
        : row.Form.StartsWith(Word, StringComparison.Ordinal) && int.TryParse(row.Form.AsSpan(Word.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var slices) ? slices
        : 0;

    private static string TitleOf(ResultRow row) =>
        string.Join('_', row.Variant.Split('_').Where(part => !part.StartsWith("splitk", StringComparison.Ordinal) && part is not ("cpu" or "ilgpu")));

    private static SplitKTable Of(string title, IReadOnlyList<(ResultRow Row, int Slices)> entries)
    {
        int[] slices = [.. entries.Select(entry => entry.Slices).Distinct().Order()];
        var times = entries.GroupBy(entry => entry.Row.Tokens).OrderBy(rows => rows.Key).Select(rows => (
            rows.Key,
            (IReadOnlyList<double?>)[.. slices.Select(count => rows.Where(entry => entry.Slices == count).Select(entry => (double?)entry.Row.MedianUs / 1e3).Min())]));
        return new SplitKTable(title, slices, [.. times]);
    }
}
