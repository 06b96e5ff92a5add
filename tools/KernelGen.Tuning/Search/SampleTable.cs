using System.Diagnostics;

namespace KernelGen.Tuning;

/// <summary>Times of candidates by round. Candidates of one round ran side by side, so what slows the machine for a while slows both.</summary>
internal sealed class SampleTable<T>
    where T : notnull
{
    // With fewer rounds not even the lowest and the highest enclose the median with 95 %: 1 - 2 · 2⁻⁶.
    private const int FewestForConfidence = 6;

    // A normal deviate of 95 %, for the order statistics that enclose a median.
    private const double Deviate = 1.96;

    private readonly Dictionary<T, Dictionary<int, double>> _samples = [];
    private int _rounds;

    /// <summary>The candidates that were measured.</summary>
    public IReadOnlyCollection<T> Candidates => _samples.Keys;

    public bool Contains(T candidate) => _samples.ContainsKey(candidate);

    /// <summary>Runs rounds and keeps their times: <paramref name="rounds"/>, or fewer where they take long.</summary>
    /// <param name="trials">Runs candidates.</param>
    /// <param name="candidates">Those that run.</param>
    /// <param name="rounds">How many rounds, at most.</param>
    /// <param name="fewest">How many rounds, whatever they take.</param>
    /// <param name="budget">No round begins after this time, save for those.</param>
    /// <param name="cancellation">Looked at between rounds.</param>
    public void Measure(ITrials<T> trials, IReadOnlyList<T> candidates, int rounds, int fewest, TimeSpan budget, CancellationToken cancellation)
    {
        var times = new double[candidates.Count];
        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < rounds && (round < fewest || Stopwatch.GetElapsedTime(start) < budget); round++)
        {
            cancellation.ThrowIfCancellationRequested();
            trials.Round(candidates, times, cancellation);
            for (var i = 0; i < times.Length; i++)
            {
                if (!_samples.TryGetValue(candidates[i], out var samples)) _samples.Add(candidates[i], samples = []);
                samples.Add(_rounds, times[i]);
            }

            _rounds++;
        }
    }

    /// <summary>Median time in microseconds.</summary>
    public double Median(T candidate) => Middle([.. _samples[candidate].Values.Order()]);

    /// <summary>Time of a candidate over that of another, by the rounds that both ran in: the median and what encloses it with 95 %; of few rounds, nothing does.</summary>
    public (double Low, double Median, double High) Ratio(T candidate, T other)
    {
        var theirs = _samples[other];
        double[] ratios = [.. _samples[candidate].Where(sample => theirs.ContainsKey(sample.Key)).Select(sample => sample.Value / theirs[sample.Key]).Order()];
        if (ratios.Length < FewestForConfidence) return (0, Middle(ratios), double.PositiveInfinity);
        // The number of samples below the median is binomial: n / 2 on average, with a deviation of √n / 2.
        var reach = Deviate * Math.Sqrt(ratios.Length) / 2;
        var low = (int)Math.Floor((ratios.Length / 2.0) - reach);
        var high = (int)Math.Ceiling((ratios.Length / 2.0) + reach);
        return (ratios[Math.Max(low, 0)], Middle(ratios), ratios[Math.Min(high, ratios.Length - 1)]);
    }

    private static double Middle(double[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}
