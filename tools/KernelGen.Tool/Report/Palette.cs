namespace KernelGen.Tool.Report;

/// <summary>The colours of series: classes of the style sheet, which has them for light and dark. They tell eight series apart; then dashes do.</summary>
internal static class Palette
{
    private const int Colours = 8;

    /// <summary>The class, or classes, of the n-th series.</summary>
    public static string Class(int series) => $"c{series % Colours}{(series >= Colours ? " dashed" : "")}";
}
