namespace KernelGen.Tuning;

/// <summary>Times of candidates by round. Candidates of one round ran side by side, so what slows the machine for a while slows both.</summary>
internal sealed class SampleTable<T>
    where T : notnull
{
    // A normal deviate of 95 %, for the order statistics that enclose a median.
    private const double Deviate = 1.96;

    private readonly Dictionary<T, Dictionary<int, double>> _samples = [];
    private int _rounds;

    /// <summary>The candidates that were measured.</summary>
    public IReadOnlyCollection<T> Candidates => _samples.Keys;

    public bool Contains(T candidate) => _samples.ContainsKey(candidate);

    /// <summary>Runs rounds and keeps their times.</summary>
    public void Measure(ITrials<T> trials, IReadOnlyList<T> candidates, int rounds, CancellationToken cancellation)
    {
        var times = new double[candidates.Count];
        for (var round = 0; round < rounds; round++)
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

    /// <summary>Time of a candidate over that of another, by the rounds that both ran in: the median and what encloses it with 95 %.</summary>
    public (double Low, double Median, double High) Ratio(T candidate, T other)
    {
        var theirs = _samples[other];
        double[] ratios = [.. _samples[candidate].Where(sample => theirs.ContainsKey(sample.Key)).Select(sample => sample.Value / theirs[sample.Key]).Order()];
        // The number of samples below the median is binomial: n / 2 on average, with a deviation of √n / 2.
        var reach = Deviate * Math.Sqrt(ratios.Length) / 2;
        var low = (int)Math.Floor((ratios.Length / 2.0) - reach);
        var high = (int)Math.Ceiling((ratios.Length / 2.0) + reach);
        return (ratios[Math.Max(low, 0)], Middle(ratios), ratios[Math.Min(high, ratios.Length - 1)]);
    }

    private static double Middle(double[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}
