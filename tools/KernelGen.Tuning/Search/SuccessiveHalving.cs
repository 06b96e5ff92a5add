namespace KernelGen.Tuning;

/// <summary>
/// Finds a fast candidate with few measurements. The best candidates by estimate run side by side. The slower half is dropped, and
/// so is any candidate that is slower at 95 % confidence; the others run more often, until one is left. Then its neighbours in the space
/// are tried in the same way, as long as one of them wins. The winner must give the right result.
/// </summary>
/// <typeparam name="T">A candidate.</typeparam>
/// <param name="trials">Runs candidates.</param>
/// <param name="options">The effort.</param>
public sealed class SuccessiveHalving<T>(ITrials<T> trials, SearchOptions options)
    where T : notnull
{
    private readonly SampleTable<T> _samples = new();
    private readonly HashSet<T> _fit = [];
    private readonly HashSet<T> _unfit = [];
    private readonly HashSet<T> _right = [];
    private readonly List<string> _problems = [];

    /// <summary>Called from time to time with the number of measured candidates.</summary>
    public Action<int>? Progress { get; init; }

    /// <summary>Whether the heuristic's choice may be the result; false if a file cannot express it.</summary>
    public bool MayKeepBaseline { get; init; } = true;

    /// <summary>A candidate that is measured along with the best and the heuristic's choice at the end, if it can run: one or none.</summary>
    public IReadOnlyList<T> Compared { get; init; } = [];

    /// <summary>Searches once.</summary>
    /// <param name="ordered">Candidates that can run, the fastest by estimate first.</param>
    /// <param name="baseline">The heuristic's choice, with which the result is compared.</param>
    /// <param name="seeds">Candidates tried regardless of the estimate: the best for neighbouring token counts.</param>
    /// <param name="neighbours">Returns candidates that can run and differ little from a given one.</param>
    /// <param name="cancellation">Cancels the search.</param>
    /// <exception cref="WrongResultException">The heuristic's choice cannot run, or it or every candidate gives a wrong result.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public SearchResult<T> Run(
        IEnumerable<T> ordered, T baseline, IEnumerable<T> seeds, Func<T, IEnumerable<T>> neighbours, CancellationToken cancellation = default)
    {
        if (!IsFit(baseline, cancellation) || !IsRight(baseline, cancellation)) throw new WrongResultException(_problems[^1]);
        // The baseline is measured again at the end, whether kept or not.
        var first = (MayKeepBaseline ? seeds.Prepend(baseline) : seeds).Concat(ordered).Distinct().Where(candidate => IsFit(candidate, cancellation));
        var best = Halve([.. first.Take(options.FirstCandidates)], cancellation);
        for (var step = 0; step < options.MaxSteps; step++)
        {
            T[] around = [.. neighbours(best).Distinct().Where(candidate => !_samples.Contains(candidate) && IsFit(candidate, cancellation))];
            if (around.Length == 0) break;
            var next = Halve([best, .. around], cancellation);
            if (next.Equals(best)) break;
            best = next;
        }

        return Final(best, baseline, cancellation);
    }

    /// <summary>The fastest of some candidates with the right result.</summary>
    private T Halve(T[] candidates, CancellationToken cancellation)
    {
        while (true)
        {
            if (candidates.Length == 0) throw new WrongResultException(_problems[^1]);
            var alive = candidates;
            for (var rounds = options.FirstRounds; alive.Length > 1; rounds = Math.Min(2 * rounds, options.MaxRounds))
            {
                _samples.Measure(trials, alive, rounds, fewest: 1, options.RungBudget, cancellation);
                Progress?.Invoke(_samples.Candidates.Count);
                alive = Faster(alive);
            }

            if (IsRight(alive[0], cancellation)) return alive[0];
            candidates = [.. candidates.Where(candidate => !_unfit.Contains(candidate))];
        }
    }

    /// <summary>The faster half, the fastest first, without those that are significantly slower than it.</summary>
    private T[] Faster(T[] candidates)
    {
        // Ratios to one candidate are comparable; medians of times are not if the machine's speed changes.
        var sorted = candidates.OrderBy(candidate => _samples.Ratio(candidate, candidates[0]).Median).ToArray();
        return [.. sorted.Take(candidates.Length / 2).Where(candidate => _samples.Ratio(candidate, sorted[0]).Low <= 1)];
    }

    private SearchResult<T> Final(T best, T baseline, CancellationToken cancellation)
    {
        // In separate rounds: a candidate may have won the earlier ones by luck.
        var final = new SampleTable<T>();
        var compared = Compared.Where(candidate => IsFit(candidate, cancellation) && IsRight(candidate, cancellation)).ToArray();
        T[] contenders = [.. compared.Prepend(best).Prepend(baseline).Distinct()];
        final.Measure(trials, contenders, options.FinalRounds, options.FewestFinalRounds, options.RungBudget, cancellation);
        var (_, ratio, high) = final.Ratio(best, baseline);
        if (high >= 1 && MayKeepBaseline) (best, ratio) = (baseline, 1);
        return new SearchResult<T>(best, final.Median(best), final.Median(baseline), ratio, [.. _samples.Candidates.Select(candidate => (candidate, _samples.Median(candidate)))], _problems)
        {
            ComparedRatio = compared.Length == 0 ? null : final.Ratio(compared[0], baseline).Median,
        };
    }

    private bool IsFit(T candidate, CancellationToken cancellation)
    {
        if (_unfit.Contains(candidate)) return false;
        if (_fit.Contains(candidate)) return true;
        if (!Accept(candidate, trials.Prepare(candidate, cancellation))) return false;
        return _fit.Add(candidate);
    }

    private bool IsRight(T candidate, CancellationToken cancellation)
    {
        if (_right.Contains(candidate)) return true;
        if (!Accept(candidate, trials.Verify(candidate, cancellation))) return false;
        return _right.Add(candidate);
    }

    private bool Accept(T candidate, string? problem)
    {
        if (problem is null) return true;
        _unfit.Add(candidate);
        _problems.Add($"{candidate}: {problem}");
        return false;
    }
}
