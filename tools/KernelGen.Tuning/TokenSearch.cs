namespace KernelGen.Tuning;

/// <summary>Searches a space on a device for the best candidate of one number of tokens after the other.</summary>
public sealed class TokenSearch
{
    private readonly ITuningTarget _target;
    private readonly SearchSpace _space;
    private readonly SearchOptions _options;
    private readonly ExpertsCandidate[] _valid;

    /// <summary>Enumerates the space once.</summary>
    /// <param name="target">The device.</param>
    /// <param name="space">What to choose among. Keys that it lacks keep what the heuristic says.</param>
    /// <param name="separate">Whether the second product gets numbers of its own.</param>
    /// <param name="options">How long to look.</param>
    /// <exception cref="TuningException">The space has a key that the device's kernels lack, or nothing in it can run.</exception>
    public TokenSearch(ITuningTarget target, SearchSpace space, bool separate, SearchOptions options)
    {
        (_target, _space, _options, IsSeparate) = (target, space, options, separate);
        if (space.Family != SearchSpace.Experts)
            throw new TuningException($"{space.Name} is a space of the family {space.Family}; the kernels of experts have {string.Join(", ", target.Keys)}");
        if (space.Parameters.Select(parameter => parameter.Key).FirstOrDefault(key => !target.Keys.Contains(key)) is { } unknown)
            throw new TuningException($"{space.Name}: {target.DeviceName} has no kernels with {unknown}; they have {string.Join(", ", target.Keys)}");
        // The heuristic's numbers depend on the tokens at most in keys that a space sets.
        var usual = target.Heuristic(tokens: 1).GateUp;
        _valid = [.. space.Points().Select(point => ExpertsCandidate.Joint(usual.With(point.Values))).Where(candidate => target.Reject(candidate) is null)];
        if (_valid.Length == 0) throw new TuningException($"{space.Name}: none of its {space.Count} combinations can run here");
    }

    /// <summary>Whether the second product gets numbers of its own.</summary>
    public bool IsSeparate { get; }

    /// <summary>Points of the space that can run, and are not others in disguise.</summary>
    public int ValidCount => _valid.Length;

    /// <summary>Searches for one number of tokens.</summary>
    /// <param name="tokens">T.</param>
    /// <param name="known">What was best for other numbers: the nearest ones are tried first.</param>
    /// <param name="compared">What enters the search and is measured beside its result, too; null for nothing.</param>
    /// <param name="progress">Called now and then with the number of candidates that were measured.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public SearchResult<ExpertsCandidate> Run(
        int tokens, IReadOnlyDictionary<int, ExpertsCandidate> known, ExpertsCandidate? compared = null, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        var baseline = _target.Heuristic(tokens);
        var isKept = IsSeparate || baseline.GateUp.Equals(baseline.Down);
        var search = new SuccessiveHalving<ExpertsCandidate>(_target.Trials(tokens), _options) { Progress = progress, MayKeepBaseline = isKept, Compared = compared is null ? [] : [compared] };
        var nearest = known.OrderBy(pair => Math.Abs(Math.Log((double)pair.Key / tokens))).Take(2).Select(pair => pair.Value);
        ExpertsCandidate[] seeds = [.. nearest.Concat(search.Compared).Concat(_target.Seeds(tokens)).Where(candidate => _target.Reject(candidate) is null)];
        if (!IsSeparate)
        {
            return search.Run(
                Ordered(_valid, tokens), baseline, seeds.Where(seed => seed.GateUp.Equals(seed.Down)),
                best => Valid(_space.Neighbours(best.GateUp).Select(ExpertsCandidate.Joint)), cancellation);
        }

        // First what differs from the usual in the first product, as far as the second allows, then in the second alone.
        var first = search.Run(
            Ordered(_valid.Select(candidate => Apart(candidate.GateUp, baseline.Down)), tokens), baseline, seeds,
            best => Valid(_space.Neighbours(best.GateUp).Select(point => Apart(point, best.Down))), cancellation);
        var gateUp = first.Best.GateUp;
        return search.Run(
            Ordered(Valid(_valid.Select(candidate => new ExpertsCandidate(gateUp, OwnOfDown(gateUp, candidate.Down)))), tokens), baseline, [first.Best],
            best => Valid(_space.Neighbours(best.Down).Select(point => best with { Down = OwnOfDown(best.GateUp, point) })), cancellation);
    }

    /// <summary>Those that should be fast first; of equals, those that differ least from what usually runs.</summary>
    private IEnumerable<ExpertsCandidate> Ordered(IEnumerable<ExpertsCandidate> candidates, int tokens)
    {
        var usual = _target.Heuristic(tokens);
        return candidates.Where(candidate => !candidate.Equals(usual)).Distinct().Select(candidate => (candidate, estimate: Math.Round(_target.Estimate(candidate, tokens), 3)))
            .OrderBy(pair => pair.estimate).ThenBy(pair => Differences(pair.candidate, usual)).Select(pair => pair.candidate);
    }

    /// <summary>A first product with a second one's own numbers where that can run, else with its own.</summary>
    private ExpertsCandidate Apart(TuningPoint gateUp, TuningPoint down)
    {
        var apart = new ExpertsCandidate(gateUp, OwnOfDown(gateUp, down));
        return _target.Reject(apart) is null ? apart : ExpertsCandidate.Joint(gateUp);
    }

    private IEnumerable<ExpertsCandidate> Valid(IEnumerable<ExpertsCandidate> candidates) => candidates.Where(candidate => _target.Reject(candidate) is null);

    private TuningPoint OwnOfDown(TuningPoint gateUp, TuningPoint down) => gateUp.With(down.Values.Where(value => _target.DownKeys.Contains(value.Key)));

    private static int Differences(ExpertsCandidate candidate, ExpertsCandidate other) =>
        candidate.GateUp.Values.Count(value => other.GateUp.Get(value.Key, absent: 0) != value.Value)
        + candidate.Down.Values.Count(value => other.Down.Get(value.Key, absent: 0) != value.Value);
}
