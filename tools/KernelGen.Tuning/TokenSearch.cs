namespace KernelGen.Tuning;

/// <summary>Searches a space on a device for the best candidate for one token count after another.</summary>
public sealed class TokenSearch
{
    private readonly ITuningTarget _target;
    private readonly SearchSpace _space;
    private readonly SearchOptions _options;
    private readonly ExpertsCandidate[] _valid;

    /// <summary>Enumerates the space once.</summary>
    /// <param name="target">The device.</param>
    /// <param name="space">The search space. Missing keys keep the heuristic's values.</param>
    /// <param name="separate">Whether the second GEMM is tuned separately.</param>
    /// <param name="options">The effort.</param>
    /// <exception cref="TuningException">The space has a key that the device's kernels do not support, or nothing in it can run.</exception>
    public TokenSearch(ITuningTarget target, SearchSpace space, bool separate, SearchOptions options)
    {
        (_target, _space, _options, IsSeparate) = (target, space, options, separate);
        if (space.Family != SearchSpace.Experts)
            throw new TuningException($"{space.Name} is a space of the family {space.Family}; the kernels of experts have {string.Join(", ", target.Keys)}");
        if (space.Parameters.Select(parameter => parameter.Key).FirstOrDefault(key => !target.Keys.Contains(key)) is { } unknown)
            throw new TuningException($"{space.Name}: {target.DeviceName} has no kernels with {unknown}; they have {string.Join(", ", target.Keys)}");
        // The heuristic's numbers depend on the token count only in keys that a space sets.
        var usual = target.Heuristic(tokens: 1).GateUp;
        _valid = [.. space.Points().Select(point => ExpertsCandidate.Joint(usual.With(point.Values))).Where(candidate => target.Reject(candidate) is null)];
        if (_valid.Length == 0) throw new TuningException($"{space.Name}: none of its {space.Count} combinations can run here");
    }

    /// <summary>Whether the second GEMM is tuned separately.</summary>
    public bool IsSeparate { get; }

    /// <summary>Number of points in the space that can run and are not equivalent to others.</summary>
    public int ValidCount => _valid.Length;

    /// <summary>Searches for one token count.</summary>
    /// <param name="tokens">T.</param>
    /// <param name="known">The best candidates for other token counts; the nearest are tried first.</param>
    /// <param name="compared">A candidate that enters the search and is measured together with its result, or null.</param>
    /// <param name="progress">Called from time to time with the number of measured candidates.</param>
    /// <param name="cancellation">Cancels the search.</param>
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

        // First what differs from the usual in the first GEMM, as far as the second allows, then in the second alone.
        var first = search.Run(
            Ordered(_valid.Select(candidate => Apart(candidate.GateUp, baseline.Down)), tokens), baseline, seeds,
            best => Valid(_space.Neighbours(best.GateUp).Select(point => Apart(point, best.Down))), cancellation);
        var gateUp = first.Best.GateUp;
        return search.Run(
            Ordered(Valid(_valid.Select(candidate => new ExpertsCandidate(gateUp, OwnOfDown(gateUp, candidate.Down)))), tokens), baseline, [first.Best],
            best => Valid(_space.Neighbours(best.Down).Select(point => best with { Down = OwnOfDown(best.GateUp, point) })), cancellation);
    }

    /// <summary>The fastest by estimate first; among equals, those that differ least from the usual choice.</summary>
    private IEnumerable<ExpertsCandidate> Ordered(IEnumerable<ExpertsCandidate> candidates, int tokens)
    {
        var usual = _target.Heuristic(tokens);
        return candidates.Where(candidate => !candidate.Equals(usual)).Distinct().Select(candidate => (candidate, estimate: Math.Round(_target.Estimate(candidate, tokens), 3)))
            .OrderBy(pair => pair.estimate).ThenBy(pair => Differences(pair.candidate, usual)).Select(pair => pair.candidate);
    }

    /// <summary>A first GEMM with a separate configuration of the second if that can run, otherwise with its own.</summary>
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
