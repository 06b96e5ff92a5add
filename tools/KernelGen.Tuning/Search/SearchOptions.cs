namespace KernelGen.Tuning;

/// <summary>How long a search looks.</summary>
public sealed record SearchOptions
{
    /// <summary>Candidates of the first rung: those that the estimate puts first.</summary>
    public int FirstCandidates { get; init; } = 24;

    /// <summary>Rounds of the first rung; each rung that halves the candidates doubles the rounds.</summary>
    public int FirstRounds { get; init; } = 3;

    /// <summary>Rounds of a rung, at most.</summary>
    public int MaxRounds { get; init; } = 24;

    /// <summary>Rounds of the last comparison: the best against the heuristic's choice. Many, for a busy neighbour spoils some.</summary>
    public int FinalRounds { get; init; } = 60;

    /// <summary>The same where they take longer than <see cref="RungBudget"/>.</summary>
    public int FewestFinalRounds { get; init; } = 7;

    /// <summary>Time after which a rung begins no further round: long calls vary less, and waiting for many of them is not worth it.</summary>
    public TimeSpan RungBudget { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How often the neighbours of a new best are tried.</summary>
    public int MaxSteps { get; init; } = 6;
}

/// <summary>What a search found.</summary>
/// <typeparam name="T">A candidate.</typeparam>
/// <param name="Best">The fastest that computes the right result: the heuristic's choice unless another is faster beyond doubt.</param>
/// <param name="BestUs">Its median time.</param>
/// <param name="BaselineUs">That of the heuristic's choice, from the same rounds.</param>
/// <param name="Ratio">The first over the second: the median over the rounds.</param>
/// <param name="Measured">The candidates that were timed, each with its median time over the rounds that it ran in.</param>
/// <param name="Problems">What could not run, or computed something else, and how.</param>
public sealed record SearchResult<T>(
    T Best, double BestUs, double BaselineUs, double Ratio, IReadOnlyList<(T Candidate, double MedianUs)> Measured, IReadOnlyList<string> Problems)
{
    /// <summary>Time of the candidate that was to be compared over that of the heuristic's choice, from the same rounds; null without one that runs.</summary>
    public double? ComparedRatio { get; init; }
}
