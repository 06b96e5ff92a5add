namespace KernelGen.Tuning;

/// <summary>The effort of a search.</summary>
public sealed record SearchOptions
{
    /// <summary>Number of candidates in the first rung, the best by estimate.</summary>
    public int FirstCandidates { get; init; } = 24;

    /// <summary>Number of rounds in the first rung. Each rung halves the candidates and doubles the rounds.</summary>
    public int FirstRounds { get; init; } = 3;

    /// <summary>Maximum number of rounds in a rung.</summary>
    public int MaxRounds { get; init; } = 24;

    /// <summary>Number of rounds in the final comparison of the best candidate with the heuristic's choice. Many, because other load spoils some.</summary>
    public int FinalRounds { get; init; } = 60;

    /// <summary>The same if they take longer than <see cref="RungBudget"/>.</summary>
    public int FewestFinalRounds { get; init; } = 7;

    /// <summary>Time after which a rung starts no further round: long calls vary less, and many of them are not worth the wait.</summary>
    public TimeSpan RungBudget { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Maximum number of times that the neighbours of a new best candidate are tried.</summary>
    public int MaxSteps { get; init; } = 6;
}

/// <summary>The result of a search.</summary>
/// <typeparam name="T">A candidate.</typeparam>
/// <param name="Best">The fastest candidate with the right result: the heuristic's choice unless another is significantly faster.</param>
/// <param name="BestUs">Its median time.</param>
/// <param name="BaselineUs">That of the heuristic's choice, from the same rounds.</param>
/// <param name="Ratio">The first over the second: the median over the rounds.</param>
/// <param name="Measured">The timed candidates, each with its median time over the rounds in which it ran.</param>
/// <param name="Problems">The candidates that could not run or gave a wrong result, with the reasons.</param>
public sealed record SearchResult<T>(
    T Best, double BestUs, double BaselineUs, double Ratio, IReadOnlyList<(T Candidate, double MedianUs)> Measured, IReadOnlyList<string> Problems)
{
    /// <summary>Time of the compared candidate over that of the heuristic's choice, in the same rounds; null if no such candidate runs.</summary>
    public double? ComparedRatio { get; init; }
}
