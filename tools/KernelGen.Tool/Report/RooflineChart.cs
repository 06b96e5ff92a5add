namespace KernelGen.Tool.Report;

/// <summary>Measured kernels under the machine's limits: operations a second over operations a byte.</summary>
internal static class RooflineChart
{
    private const int Width = 440;
    private const int Height = 290;
    private const int Left = 56;
    private const int Right = Width - 14;
    private const int Top = 20;
    private const int Bottom = Height - 40;

    /// <summary>Draws a machine; the n-th subject has the n-th colour.</summary>
    public static string Draw(MachineRoof machine, IReadOnlyList<string> subjects)
    {
        var svg = new Svg(Width, Height, $"Roofline of {machine.Name}");
        var ridge = machine.Gflops / machine.GigabytesPerSecond;
        var x = new LogAxis(machine.Rows.Select(Intensity).Concat([ridge / 4, ridge * 4]), Left, Right);
        var y = new LogAxis(machine.Rows.Select(row => row.Gflops!.Value).Concat([machine.Gflops]), Bottom, Top);
        foreach (var tick in y.Ticks())
        {
            svg.Line(Left, y.At(tick), Right, y.At(tick), "grid");
            svg.Text(Left - 6, y.At(tick) + 4, "end", LogAxis.Short(tick));
        }

        svg.Line(Left, Bottom, Right, Bottom, "axis");
        foreach (var tick in x.Spaced(x.Ticks(), 30)) svg.Text(x.At(tick), Bottom + 17, "middle", LogAxis.Short(tick));
        svg.Text((Left + Right) / 2.0, Height - 6, "middle", "operations a byte");

        // The slanted roof leaves the drawing at its lower or at its left edge.
        var lowest = machine.Rows.Select(Intensity).Append(ridge / 4).Min();
        var bottomIntensity = Math.Max(lowest, machine.Rows.Select(row => row.Gflops!.Value).Append(machine.Gflops).Min() / machine.GigabytesPerSecond);
        svg.Path([(x.At(bottomIntensity), y.At(bottomIntensity * machine.GigabytesPerSecond)), (x.At(ridge), y.At(machine.Gflops)), (Right, y.At(machine.Gflops))], "roof");
        svg.Text(Right, y.At(machine.Gflops) - 5, "end", FormattableString.Invariant($"{machine.Gflops:0} GFLOP/s · {machine.GigabytesPerSecond:0.#} GB/s"));
        foreach (var row in machine.Rows)
        {
            svg.Dot(x.At(Intensity(row)), y.At(row.Gflops!.Value), $"dot {Palette.Class(IndexOf(subjects, row))}", FormattableString.Invariant(
                $"{row.Variant}, {row.Tokens} tokens: {row.Gflops:0.#} GFLOP/s at {Intensity(row):0.##} operations a byte"));
        }

        return svg.ToString();
    }

    /// <summary>What the colours stand for.</summary>
    public static IReadOnlyList<string> Subjects(MachineRoof machine) => [.. machine.Rows.Select(row => row.Form).Distinct()];

    private static double Intensity(ResultRow row) => row.Gflops!.Value / row.GigabytesPerSecond!.Value;

    private static int IndexOf(IReadOnlyList<string> subjects, ResultRow row) => subjects.ToList().IndexOf(row.Form);
}
