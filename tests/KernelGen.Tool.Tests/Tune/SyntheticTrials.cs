using KernelGen.Tuning;

namespace KernelGen.Tool.Tests.Tune;

/// <summary>A landscape of made-up costs over a space of four keys, measured with noise on a machine that is slow at times.</summary>
internal sealed class SyntheticTrials : ITrials<TuningPoint>
{
    private readonly Random _random;
    private readonly double _noise;
    private readonly Dictionary<string, double[]> _costs = [];
    private readonly double _interaction;
    private readonly HashSet<TuningPoint> _ready = [];

    public SyntheticTrials(Random random, double noise)
    {
        (_random, _noise) = (random, noise);
        foreach (var (key, values) in Space.Parameters)
        {
            // One valley a key, with bumps, and the keys disturb each other.
            var valley = random.Next(values.Count);
            _costs[key] = [.. values.Select((_, i) => (0.25 * Math.Abs(i - valley)) + (0.05 * random.NextDouble()))];
        }

        _interaction = 0.2 * random.NextDouble();
        Baseline = Any();
    }

    public static SearchSpace Space { get; } = new("synthetic", "", [Parameter("M", 16, 32, 64, 128, 256), Parameter("N", 32, 64, 128, 256), Parameter("S", 1, 2, 4, 8), Parameter("W", 2, 4, 8)]);

    public TuningPoint Baseline { get; }

    public HashSet<TuningPoint> Unmakeable { get; } = [];

    public HashSet<TuningPoint> Wrong { get; } = [];

    public int Rounds { get; private set; }

    public double Cost(TuningPoint point)
    {
        var terms = Space.Parameters.Select(parameter => _costs[parameter.Key][Place(parameter, point)]).ToArray();
        return 100 * (1 + terms.Sum() + (_interaction * terms[0] * terms[1]));
    }

    /// <summary>An estimate that knows the largest part of the costs, and that not well.</summary>
    public double Estimate(TuningPoint point) => 100 * (1 + _costs["M"][Place(Space.Parameters[0], point)] + (0.5 * _costs["N"][Place(Space.Parameters[1], point)]));

    public string? Prepare(TuningPoint candidate, CancellationToken cancellation)
    {
        if (Unmakeable.Contains(candidate)) return "does not compile";
        Assert.True(_ready.Add(candidate), $"{candidate} was made ready twice");
        return null;
    }

    public void Round(IReadOnlyList<TuningPoint> candidates, Span<double> microseconds, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var slow = Rounds++ / 4 % 3 == 1 ? 1.8 : 1.0; // a neighbour comes and goes
        for (var i = 0; i < candidates.Count; i++)
        {
            Assert.Contains(candidates[i], _ready);
            microseconds[i] = Cost(candidates[i]) * slow * (1 + (_noise * _random.NextDouble()));
        }
    }

    public string? Verify(TuningPoint candidate, CancellationToken cancellation) => Wrong.Contains(candidate) ? "output[0, 0] is 1; expected 2" : null;

    private static KeyValuePair<string, IReadOnlyList<int>> Parameter(string key, params int[] values) => KeyValuePair.Create(key, (IReadOnlyList<int>)values);

    private static int Place(KeyValuePair<string, IReadOnlyList<int>> parameter, TuningPoint point) => parameter.Value.ToList().IndexOf(point.Get(parameter.Key, absent: 0));

    private TuningPoint Any() => new(Space.Parameters.Select(parameter => KeyValuePair.Create(parameter.Key, parameter.Value[_random.Next(parameter.Value.Count)])));
}
