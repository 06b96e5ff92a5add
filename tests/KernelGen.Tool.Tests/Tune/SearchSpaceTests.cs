using KernelGen.Tuning;

namespace KernelGen.Tool.Tests.Tune;

public class SearchSpaceTests
{
    private static readonly SearchSpace Small = new("small", "", [KeyValuePair.Create("A", (IReadOnlyList<int>)[1, 2, 4]), KeyValuePair.Create("B", (IReadOnlyList<int>)[5, 6])]);

    [Fact]
    public void PointsAreAllCombinations() => Assert.Equal(
        ["A 1, B 5", "A 1, B 6", "A 2, B 5", "A 2, B 6", "A 4, B 5", "A 4, B 6"], Small.Points().Select(point => point.ToString()));

    [Fact]
    public void NeighboursAreOneStepAwayInOneKey()
    {
        var point = Small.Points().Single(point => point.ToString() == "A 2, B 5");
        Assert.Equal(["A 1, B 5", "A 4, B 5", "A 2, B 6"], Small.Neighbours(point).Select(neighbour => neighbour.ToString()));
    }

    [Fact]
    public void AValueBetweenTwoOfTheSpaceHasBothAsNeighbours()
    {
        var point = new TuningPoint([KeyValuePair.Create("A", 3), KeyValuePair.Create("B", 6)]);
        Assert.Equal(["A 2, B 6", "A 4, B 6", "A 3, B 5"], Small.Neighbours(point).Select(neighbour => neighbour.ToString()));
    }

    [Fact]
    public void PublishedSpacesHaveTheirSizes()
    {
        Assert.Equal(
            [("triton", 1920L), ("omni-forward", 81), ("omni-split", 72), ("omni-backward", 144)],
            NamedSpaces.All.Where(space => space.Name is "triton" or "omni-forward" or "omni-split" or "omni-backward").Select(space => (space.Name, space.Count)));
        Assert.All(NamedSpaces.All, space => Assert.Equal(space.Count, space.Points().Distinct().Count()));
    }

    [Theory]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("{", "not valid JSON")]
    [InlineData("{}", "no object 'parameters'")]
    [InlineData("""{"parameters":{}}""", "no key")]
    [InlineData("""{"parameters":{"A":[1]},"parameters":{"A":[2]}}""", "'parameters' is duplicated")]
    [InlineData("""{"parameters":{"A":[1],"A":[2]}}""", "'A' is duplicated")]
    [InlineData("""{"parameters":{"A":[1,1]}}""", "'A' has '1'")]
    [InlineData("""{"parameters":{"A":[0]}}""", "'A' has '0'")]
    [InlineData("""{"parameters":{"A":[1.5]}}""", "'A' has '1.5'")]
    [InlineData("""{"parameters":{"A":[]}}""", "'A' is not a list")]
    [InlineData("""{"parameters":{"A":"1"}}""", "'A' is not a list")]
    [InlineData("""{"parameters":{"A":[1]},"values":3}""", "'values' is not a member")]
    [InlineData("""{"parameters":{"A":[1]},"description":3}""", "'description' is not a string")]
    public async Task AFileThatIsNoSearchSpaceIsOneLine(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("space.json");
        await File.WriteAllTextAsync(path, json, TestContext.Current.CancellationToken);
        (await ToolRun.Of("tune", "spaces", path)).AssertFailure(2, path, expected);
    }

    [Fact]
    public async Task ASpaceIsShownWithItsValues()
    {
        var run = (await ToolRun.Of("tune", "spaces", "omni-backward")).AssertSuccess();
        Assert.Contains("omni-backward: 144 combinations, family omni", run.Output);
        Assert.Contains("TILE_K 8, 16, 32, 64", run.Output);
    }

    [Fact]
    public async Task ASpaceThatIsNoFileAndHasNoNameIsOneLine() =>
        (await ToolRun.Of("tune", "spaces", "nowhere")).AssertFailure(2, "nowhere is neither a file nor a search space", "omni-split");
}
