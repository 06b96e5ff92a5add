using KernelGen.Benchmarking;

namespace KernelGen.Tool.Tests.Tune;

public class ExpertRoutingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.8)]
    [InlineData(2)]
    public void ATokensExpertsDiffer(double skew)
    {
        var routing = ExpertRouting.Skewed(200, 16, 4, skew);
        Assert.Equal(200, routing.Tokens);
        Assert.All(routing.Ids.Chunk(4), ids => Assert.Equal(4, ids.Distinct().Count()));
        Assert.All(routing.Ids, id => Assert.InRange(id, 0, 15));
        Assert.Equal(routing.Ids, ExpertRouting.Skewed(200, 16, 4, skew).Ids);
    }

    [Fact]
    public void PopularExpertsHaveTheShareOfZipfsLaw()
    {
        const int Tokens = 20_000;
        var counts = ExpertRouting.Skewed(Tokens, 8, 1, skew: 1).Ids.GroupBy(id => id).Select(same => (double)same.Count()).OrderDescending().ToArray();
        var harmonic = Enumerable.Range(1, 8).Sum(rank => 1.0 / rank);
        for (var rank = 1; rank <= 8; rank++) Assert.Equal(1 / (rank * harmonic), counts[rank - 1] / Tokens, 0.015); // four deviations of the largest
    }

    [Fact]
    public void OtherRanksExpertsAreLeftOutAndASharedOneIsAdded()
    {
        var routing = new ExpertRouting(2, [0, 5, 3, 1], [0.1f, 0.2f, 0.3f, 0.4f]).OfFirstRank(local: 3).WithShared(expert: 3);
        Assert.Equal(3, routing.TopK);
        Assert.Equal([0, -1, 3, -1, 1, 3], routing.Ids);
        Assert.Equal([0.1f, 0.2f, 1f, 0.3f, 0.4f, 1f], routing.Weights);
    }

    [Fact]
    public void RecordedTokensComeAgainWhereMoreAreAskedFor()
    {
        var routing = new ExpertRouting(2, [0, 1, 2, 3], [0.1f, 0.2f, 0.3f, 0.4f]).Repeat(3);
        Assert.Equal([0, 1, 2, 3, 0, 1], routing.Ids);
        Assert.Equal([0.1f, 0.2f, 0.3f, 0.4f, 0.1f, 0.2f], routing.Weights);
    }

    [Fact]
    public void IdsAndWeightsMustFit()
    {
        Assert.Throws<ArgumentException>(() => new ExpertRouting(2, [0], [0.5f]));
        Assert.Throws<ArgumentException>(() => new ExpertRouting(2, [], []));
        Assert.Throws<ArgumentException>(() => new ExpertRouting(2, [0, 1], [0.5f]));
    }
}
