namespace KernelGen.Tool.Report;

/// <summary>A search at a glance: candidates by token count; the darker, the closer to the best for that count.</summary>
internal static class HeatMap
{
    /// <summary>Maximum number of candidates to show: the best for each token count first, then the second best, and so on.</summary>
    public const int MaxCandidates = 32;

    private const int Width = 440;
    private const int Left = 190;
    private const int Top = 6;
    private const int LineHeight = 12;
    private const int RowMargin = 3;

    // 1.5 times the best time is the palest.
    private const double Palest = 1.5;

    /// <summary>Draws a search, with candidates ordered by the token counts that they suit best.</summary>
    public static string Draw(ResultSearch search)
    {
        int[] tokens = [.. search.Candidates.Select(candidate => candidate.Tokens).Distinct().Order()];
        var best = search.Candidates.GroupBy(candidate => candidate.Tokens).ToDictionary(same => same.Key, same => same.Min(candidate => candidate.MedianUs));
        var shown = search.Candidates.GroupBy(candidate => candidate.Tokens)
            .SelectMany(same => same.OrderBy(candidate => candidate.MedianUs).Select((candidate, place) => (candidate.Name, place)))
            .OrderBy(candidate => candidate.place).Select(candidate => candidate.Name).Distinct().Take(MaxCandidates).ToHashSet();
        var candidates = search.Candidates.Where(candidate => shown.Contains(candidate.Name)).GroupBy(candidate => candidate.Name)
            .Select(same => (Lines: same.Key.Split(' '), Ratios: same.GroupBy(candidate => candidate.Tokens).ToDictionary(each => each.Key, each => each.Min(candidate => candidate.MedianUs) / best[each.Key])))
            .OrderBy(candidate => candidate.Ratios.MinBy(ratio => ratio.Value).Key).ThenBy(candidate => candidate.Ratios.Values.Min()).ToArray();

        // Two GEMMs that were tuned separately are two words, one below the other.
        var rowHeight = (candidates.Max(candidate => candidate.Lines.Length) * LineHeight) + RowMargin;
        var bottom = Top + (candidates.Length * rowHeight);
        var svg = new Svg(Width, bottom + 36, $"Search of {search.Subject}");
        var cell = (double)(Width - Left - 4) / tokens.Length;
        for (var row = 0; row < candidates.Length; row++)
        {
            var y = Top + (row * rowHeight);
            var lines = candidates[row].Lines;
            var middle = y + (rowHeight / 2) + 3;
            for (var line = 0; line < lines.Length; line++) svg.Text(Left - 6, middle + (((2 * line) - lines.Length + 1) * LineHeight / 2), "end", lines[line], "label small");
            for (var column = 0; column < tokens.Length; column++)
            {
                if (!candidates[row].Ratios.TryGetValue(tokens[column], out var ratio)) continue;
                var x = Left + (column * cell);
                svg.Box(x, y, cell - 1, rowHeight - 1, Math.Clamp(1 - ((ratio - 1) / (Palest - 1)), 0.06, 1), FormattableString.Invariant(
                    $"{string.Join(' ', lines)}, {tokens[column]} tokens: {ratio * best[tokens[column]]:0.##} µs, {ratio:0.00} times the best"));
                if (ratio == 1) svg.Text(x + ((cell - 1) / 2), middle, "middle", "●", "mark small");
            }
        }

        var step = (int)Math.Ceiling(34 / cell);
        for (var column = 0; column < tokens.Length; column += step) svg.Text(Left + ((column + 0.5) * cell), bottom + 13, "middle", LogAxis.Short(tokens[column]));
        svg.Text(Left + ((Width - Left) / 2.0), bottom + 30, "middle", "tokens");
        return svg.ToString();
    }
}
