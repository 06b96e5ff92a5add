namespace KernelGen.Tool.Report;

/// <summary>A named line over the token count.</summary>
/// <param name="Label">Name in the legend.</param>
/// <param name="Colour">Number of its colour, the same wherever the series is drawn.</param>
/// <param name="Points">Its points, by tokens.</param>
internal sealed record ChartLine(string Label, int Colour, IReadOnlyList<(int Tokens, double Value)> Points);

/// <summary>Lines over the token count, both axes logarithmic.</summary>
internal static class LineChart
{
    private const int Width = 440;
    private const int Height = 290;
    private const int Left = 56;
    private const int Right = Width - 14;
    private const int Top = 14;
    private const int Bottom = Height - 40;
    private const int LabelPixels = 34;

    /// <summary>Draws the lines.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="unit">Of the values.</param>
    /// <param name="lines">The lines, at least one.</param>
    /// <param name="reference">A value that gets a line of its own across; null for none.</param>
    public static string Draw(string title, string unit, IReadOnlyList<ChartLine> lines, double? reference = null)
    {
        var svg = new Svg(Width, Height, title);
        var points = lines.SelectMany(line => line.Points).ToArray();
        var x = new LogAxis(points.Select(point => (double)point.Tokens), Left, Right);
        var y = new LogAxis(points.Select(point => point.Value).Concat(reference is { } value ? [value] : []), Bottom, Top);
        foreach (var tick in y.Ticks())
        {
            svg.Line(Left, y.At(tick), Right, y.At(tick), "grid");
            svg.Text(Left - 6, y.At(tick) + 4, "end", LogAxis.Short(tick));
        }

        svg.Line(Left, Bottom, Right, Bottom, "axis");
        foreach (var tokens in x.Spaced(points.Select(point => (double)point.Tokens), LabelPixels))
        {
            svg.Line(x.At(tokens), Bottom, x.At(tokens), Bottom + 4, "axis");
            svg.Text(x.At(tokens), Bottom + 17, "middle", LogAxis.Short(tokens));
        }

        svg.Text((Left + Right) / 2.0, Height - 6, "middle", "tokens");
        if (reference is { } level) svg.Line(Left, y.At(level), Right, y.At(level), "reference");
        foreach (var line in lines)
        {
            svg.Path(line.Points.Select(point => (x.At(point.Tokens), y.At(point.Value))), $"line {Palette.Class(line.Colour)}");
            foreach (var (tokens, measured) in line.Points)
                svg.Dot(x.At(tokens), y.At(measured), $"dot {Palette.Class(line.Colour)}", FormattableString.Invariant($"{line.Label}, {tokens} tokens: {measured:0.###} {unit}"));
        }

        return svg.ToString();
    }
}
