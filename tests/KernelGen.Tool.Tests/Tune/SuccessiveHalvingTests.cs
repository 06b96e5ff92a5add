using KernelGen.Tuning;

namespace KernelGen.Tool.Tests.Tune;

/// <summary>The search against landscapes whose best point is known.</summary>
public class SuccessiveHalvingTests
{
    private const double Noise = 0.06;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void TheResultIsWithinThreePercentOfExhaustiveSearchAndMeasuresAFraction(int seed)
    {
        var trials = new SyntheticTrials(new Random(seed), Noise);
        var result = Search(trials);
        var best = SyntheticTrials.Space.Points().Min(trials.Cost);
        Assert.InRange(trials.Cost(result.Best), best, 1.03 * best);
        Assert.InRange(result.Measured.Count, 1, (int)(0.35 * SyntheticTrials.Space.Count));
        Assert.InRange(result.Ratio, 0.94 * trials.Cost(result.Best) / trials.Cost(trials.Baseline), 1.06 * trials.Cost(result.Best) / trials.Cost(trials.Baseline));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void TheHeuristicsChoiceStaysWhereNothingIsFasterBeyondDoubt(int seed)
    {
        var trials = new SyntheticTrials(new Random(seed), Noise);
        var best = SyntheticTrials.Space.Points().MinBy(trials.Cost)!;
        var result = new SuccessiveHalving<TuningPoint>(trials, new SearchOptions()).Run(Ordered(trials), best, [], Neighbours, TestContext.Current.CancellationToken);
        Assert.Equal(best, result.Best);
        Assert.Equal(1, result.Ratio);
        Assert.Equal(result.BaselineUs, result.BestUs);
    }

    [Fact]
    public void WhatComputesSomethingElseNeverWins()
    {
        var trials = new SyntheticTrials(new Random(7), Noise);
        var fastest = SyntheticTrials.Space.Points().OrderBy(trials.Cost).Where(point => !point.Equals(trials.Baseline)).Take(5).ToArray();
        trials.Wrong.UnionWith(fastest);
        var result = Search(trials);
        Assert.DoesNotContain(result.Best, fastest);
        var right = SyntheticTrials.Space.Points().Where(point => !trials.Wrong.Contains(point)).Min(trials.Cost);
        Assert.InRange(trials.Cost(result.Best), right, 1.1 * right);
        Assert.Contains(result.Problems, problem => problem.Contains("expected 2"));
    }

    [Fact]
    public void WhatCannotBeMadeIsPassedOver()
    {
        var trials = new SyntheticTrials(new Random(8), Noise);
        trials.Unmakeable.UnionWith(SyntheticTrials.Space.Points().Where(point => point.Get("W", 0) == 8 && !point.Equals(trials.Baseline)));
        var result = Search(trials);
        Assert.DoesNotContain(result.Best, trials.Unmakeable);
        Assert.All(result.Measured, measured => Assert.DoesNotContain(measured.Candidate, trials.Unmakeable));
    }

    [Fact]
    public void AHeuristicsChoiceThatIsWrongIsNoBaseline()
    {
        var trials = new SyntheticTrials(new Random(9), Noise);
        trials.Wrong.Add(trials.Baseline);
        Assert.Contains("expected 2", Assert.Throws<WrongResultException>(() => Search(trials)).Message);
    }

    [Fact]
    public void SeedsAreMeasuredWhateverTheEstimateSays()
    {
        var trials = new SyntheticTrials(new Random(10), Noise);
        var last = Ordered(trials).Last();
        var result = new SuccessiveHalving<TuningPoint>(trials, new SearchOptions { FirstCandidates = 4, MaxSteps = 0 })
            .Run(Ordered(trials), trials.Baseline, [last], Neighbours, TestContext.Current.CancellationToken);
        Assert.Contains(last, result.Measured.Select(measured => measured.Candidate));
        Assert.Equal(4, result.Measured.Count);
    }

    [Fact]
    public void ASearchThatIsCancelledEnds()
    {
        using var cancellation = new CancellationTokenSource();
        var trials = new SyntheticTrials(new Random(11), Noise);
        var search = new SuccessiveHalving<TuningPoint>(trials, new SearchOptions()) { Progress = _ => cancellation.Cancel() };
        Assert.Throws<OperationCanceledException>(() => search.Run(Ordered(trials), trials.Baseline, [], Neighbours, cancellation.Token));
        Assert.Equal(new SearchOptions().FirstRounds, trials.Rounds);
    }

    private static SearchResult<TuningPoint> Search(SyntheticTrials trials) =>
        new SuccessiveHalving<TuningPoint>(trials, new SearchOptions()).Run(Ordered(trials), trials.Baseline, [], Neighbours, TestContext.Current.CancellationToken);

    private static IEnumerable<TuningPoint> Ordered(SyntheticTrials trials) => SyntheticTrials.Space.Points().OrderBy(trials.Estimate);

    private static IEnumerable<TuningPoint> Neighbours(TuningPoint point) => SyntheticTrials.Space.Neighbours(point);
}
