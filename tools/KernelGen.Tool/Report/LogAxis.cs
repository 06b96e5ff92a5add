using System.Globalization;

namespace KernelGen.Tool.Report;

/// <summary>A logarithmic axis: a range of values above 0 on a range of pixels.</summary>
internal sealed class LogAxis
{
    private readonly double _low;
    private readonly double _high;
    private readonly double _from;
    private readonly double _to;

    /// <summary>An axis that shows all values with some air.</summary>
    /// <param name="values">Values above 0, at least one.</param>
    /// <param name="from">Pixel of the low end.</param>
    /// <param name="to">Pixel of the high end.</param>
    /// <param name="air">Share of the range that is left free at both ends.</param>
    public LogAxis(IEnumerable<double> values, double from, double to, double air = 0.05)
    {
        (_from, _to) = (from, to);
        var all = values.ToArray();
        var (low, high) = (Math.Log(all.Min()), Math.Log(all.Max()));
        var margin = Math.Max((high - low) * air, high - low < 0.1 ? 0.35 : 0);
        (_low, _high) = (low - margin, high + margin);
    }

    /// <summary>The pixel of a value.</summary>
    public double At(double value) => _from + ((Math.Log(value) - _low) / (_high - _low) * (_to - _from));

    /// <summary>Round values for grid lines: decades, over a short range also their halves, doubles or more.</summary>
    public IEnumerable<double> Ticks()
    {
        var decades = (_high - _low) / Math.Log(10);
        double[] steps = decades > 2.5 ? [1] : decades > 1 ? [1, 2, 5] : decades > 0.45 ? [1, 1.5, 2, 3, 4, 5, 7] : [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9];
        for (var decade = (int)Math.Floor(_low / Math.Log(10)); decade <= _high / Math.Log(10); decade++)
        {
            foreach (var step in steps)
            {
                var value = step * Math.Pow(10, decade);
                if (Math.Log(value) >= _low && Math.Log(value) <= _high) yield return value;
            }
        }
    }

    /// <summary>Those of some values whose labels do not touch: the first, then each that is far enough from the last.</summary>
    public IEnumerable<double> Spaced(IEnumerable<double> values, double pixels)
    {
        var last = double.NegativeInfinity;
        foreach (var value in values.Distinct().Order())
        {
            if (At(value) - last < pixels) continue;
            last = At(value);
            yield return value;
        }
    }

    /// <summary>A number in a few letters.</summary>
    public static string Short(double value) => value switch
    {
        >= 1e6 => $"{(value / 1e6).ToString("0.##", CultureInfo.InvariantCulture)}M",
        >= 1e4 => $"{(value / 1e3).ToString("0.#", CultureInfo.InvariantCulture)}k",
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };
}
