using KernelGen.Testing;

namespace KernelGen.Tests;

public sealed class ExpertMapTests
{
    [Theory]
    [InlineData(8, 1)]
    [InlineData(8, 2)]
    [InlineData(10, 4)] // 3, 3, 2, 2
    [InlineData(384, 7)]
    [InlineData(5, 5)]
    public void EveryExpertBelongsToOneRank(int experts, int ranks)
    {
        var maps = Enumerable.Range(0, ranks).Select(rank => new ExpertMap(experts, ranks, rank)).ToArray();
        Assert.Equal(experts, maps.Sum(map => map.LocalExperts));
        Assert.True(maps.Max(map => map.LocalExperts) - maps.Min(map => map.LocalExperts) <= 1);
        for (var expert = 0; expert < experts; expert++)
        {
            var owner = Assert.Single(maps, map => map[expert] >= 0);
            Assert.Equal(expert, owner.FirstExpert + owner[expert]);
            Assert.InRange(owner[expert], 0, owner.LocalExperts - 1);
        }
    }

    [Fact]
    public void TheFirstRanksOwnOneMore()
    {
        Assert.Equal([(0, 3), (3, 3), (6, 2), (8, 2)], Enumerable.Range(0, 4).Select(rank => new ExpertMap(10, 4, rank)).Select(map => (map.FirstExpert, map.LocalExperts)));
    }

    [Fact]
    public void IdsAreMappedInPlaceAndAway()
    {
        var map = new ExpertMap(10, 4, 1);
        int[] ids = [0, 3, 5, 6, -1, 9, 4];
        var local = new int[7];
        map.Map(ids, local);
        Assert.Equal([-1, 0, 2, -1, -1, -1, 1], local);
        map.Map(ids, ids);
        Assert.Equal(local, ids);
    }

    [Fact]
    public void WhatIsOutOfRangeIsNamed()
    {
        var map = new ExpertMap(10, 4, 0); // owns 0 to 2: −1 must not become one of them
        Assert.Contains("experts[1] is 10; expected an id from 0 to 9", Assert.Throws<ArgumentOutOfRangeException>("experts", () => map.Map([1, 10], new int[2])).Message);
        Assert.Throws<ArgumentOutOfRangeException>("experts", () => map.Map([-2], new int[1]));
        Assert.Throws<ArgumentOutOfRangeException>("expert", () => map[10]);
        Assert.Throws<ArgumentOutOfRangeException>("expert", () => map[-1]);
        Assert.Throws<ArgumentException>("local", () => map.Map([1, 2], new int[3]));
        Assert.Throws<ArgumentOutOfRangeException>("experts", () => new ExpertMap(0, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>("ranks", () => new ExpertMap(4, 5, 0));
        Assert.Throws<ArgumentOutOfRangeException>("ranks", () => new ExpertMap(4, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>("rank", () => new ExpertMap(4, 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>("rank", () => new ExpertMap(4, 2, -1));
    }
}
