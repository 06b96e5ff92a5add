using System.Diagnostics;

namespace KernelGen.Tuning;

/// <summary>Times of candidates by round. Candidates of one round ran side by side, so temporary load slows all of them.</summary>
internal sealed class SampleTable<T>
    where T : notnull
{
    // With fewer rounds, even the minimum and the maximum do not bound the median at 95 % confidence: 1 - 2 · 2⁻⁶.
    private const int FewestForConfidence = 6;

    // The normal deviate for 95 % confidence, for the order statistics that bound a median.
    private const double Deviate = 1.96;

    private readonly Dictionary<T, Dictionary<int, double>> _samples = [];
    private int _rounds;

    /// <summary>The measured candidates.</summary>
    public IReadOnlyCollection<T> Candidates => _samples.Keys;

    public bool Contains(T candidate) => _samples.ContainsKey(candidate);

    /// <summary>Runs rounds and records their times: <paramref name="rounds"/>, or fewer if they take long.</summary>
    /// <param name="trials">Runs candidates.</param>
    /// <param name="candidates">The candidates.</param>
    /// <param name="rounds">Maximum number of rounds.</param>
    /// <param name="fewest">Minimum number of rounds, however long they take.</param>
    /// <param name="budget">After this time, no further round starts beyond the minimum.</param>
    /// <param name="cancellation">Checked between rounds.</param>
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

    /// <summary>Time of a candidate over that of another, over the rounds in which both ran: the median and its bounds at 95 % confidence, unbounded for few rounds.</summary>
    public (double Low, double Median, double High) Ratio(T candidate, T other)
    {
        var theirs = _samples[other];
        double[] ratios = [.. _samples[candidate].Where(sample => theirs.ContainsKey(sample.Key)).Select(sample => sample.Value / theirs[sample.Key]).Order()];
        if (ratios.Length < FewestForConfidence) return (0, Middle(ratios), double.PositiveInfinity);
        // The number of samples below the median is binomial: n / 2 on average, with standard deviation √n / 2.
        var reach = Deviate * Math.Sqrt(ratios.Length) / 2;
        var low = (int)Math.Floor((ratios.Length / 2.0) - reach);
        var high = (int)Math.Ceiling((ratios.Length / 2.0) + reach);
        return (ratios[Math.Max(low, 0)], Middle(ratios), ratios[Math.Min(high, ratios.Length - 1)]);
    }

    private static double Middle(double[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}
