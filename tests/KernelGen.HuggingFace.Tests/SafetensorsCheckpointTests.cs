using KernelGen.Testing;

namespace KernelGen.HuggingFace.Tests;

public class SafetensorsCheckpointTests
{
    private const string IndexFile = "model.safetensors.index.json";

    [Fact]
    public void ShardsAreOpenedWhenAskedFor()
    {
        using var temporary = new TemporaryFolder();
        temporary.WriteScalars("model-00001-of-00002.safetensors", ("a", 1), ("b", 2));
        temporary.Write(IndexFile, """
            {"metadata":{"total_size":12},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00001-of-00002.safetensors",
            "c":"model-00002-of-00002.safetensors","lost":"model-00001-of-00002.safetensors"}}
            """);
        using var checkpoint = SafetensorsCheckpoint.Open(temporary.Path());
        Assert.Equal(["a", "b", "c", "lost"], checkpoint.Names.Order());
        Assert.Equal([2f], checkpoint.Get("b").ReadSingles());
        Assert.True(checkpoint.Contains("c"));
        Fails("tensor 'c' is listed in model-00002-of-00002.safetensors, which does not exist", () => checkpoint.Get("c"));
        Fails("tensor 'lost' is listed in model-00001-of-00002.safetensors, but is not there", () => checkpoint.Get("lost"));
        temporary.WriteScalars("model-00002-of-00002.safetensors", ("c", 3));
        Assert.Equal([3f], checkpoint.Get("c").ReadSingles());
        Assert.Same(checkpoint.Get("a").File, checkpoint.Get("b").File);
        Assert.False(checkpoint.TryGet("d", out _));
    }

    [Fact]
    public void OneFileNeedsNoIndex()
    {
        using var temporary = new TemporaryFolder();
        temporary.WriteScalars("model.safetensors", ("model.norm.weight", 1), ("lm_head.weight", 2));
        using var checkpoint = SafetensorsCheckpoint.Open(temporary.Path());
        var error = Fails("has no tensor 'model.layernorm.weight'; nearest: 'model.norm.weight'", () => checkpoint.Get("model.layernorm.weight"));
        Assert.StartsWith(temporary.Path(), error.Message, StringComparison.Ordinal);
        var tensor = checkpoint.Get("lm_head.weight");
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Address);
        Assert.Throws<ObjectDisposedException>(() => checkpoint.Get("lm_head.weight"));
    }

    [Fact]
    public void ADirectoryWithoutACheckpointSaysSo()
    {
        using var temporary = new TemporaryFolder();
        var error = Assert.Throws<FileNotFoundException>(() => SafetensorsCheckpoint.Open(temporary.Path()));
        Assert.Contains("neither model.safetensors nor model.safetensors.index.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("..\\\\model.safetensors")]
    [InlineData("/etc/model.safetensors")]
    [InlineData("sub/model.safetensors")]
    [InlineData("C:model.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("model.bin")]
    [InlineData("a\\u0000.safetensors")]
    public void ShardsStayInTheirDirectory(string shard) =>
        RejectsIndex($$$"""{"weight_map":{"a":"{{{shard}}}"}}""", "expected the name of a .safetensors file in the same directory");

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "has no object 'weight_map'")]
    [InlineData("{}", "has no object 'weight_map'")]
    [InlineData("""{"weight_map":[]}""", "has no object 'weight_map'")]
    [InlineData("""{"weight_map":{"a":1}}""", "tensor 'a' has Number in the weight_map")]
    [InlineData("""{"weight_map":{"a":"x.safetensors","a":"x.safetensors"}}""", "tensor 'a' is in the weight_map twice")]
    [InlineData("""{"weight_map":{"a":"\ud800.safetensors"}}""", "not valid JSON")]
    [InlineData("""{"weight_map":{"\ud800":"x.safetensors"}}""", "not valid JSON")]
    public void MalformedIndexesSayWhatIsWrong(string json, string problem) => RejectsIndex(json, problem);

    [Fact]
    public void ManyThreadsOpenEachShardOnce()
    {
        using var temporary = new TemporaryFolder();
        var names = Enumerable.Range(0, 8).Select(i => $"t{i}").ToArray();
        foreach (var name in names) temporary.WriteScalars($"{name}.safetensors", (name, 1));
        var map = string.Join(',', names.Select(name => $"\"{name}\":\"{name}.safetensors\""));
        temporary.Write(IndexFile, $$$"""{"weight_map":{ {{{map}}} } }""");
        using var checkpoint = SafetensorsCheckpoint.Open(temporary.Path());
        var tensors = new SafetensorsTensor[256];
        Parallel.For(0, tensors.Length, i => tensors[i] = checkpoint.Get(names[i % names.Length]));
        Assert.Equal(names.Length, tensors.Select(tensor => tensor.File).Distinct().Count());
    }

    private static void RejectsIndex(string json, string problem)
    {
        using var temporary = new TemporaryFolder();
        temporary.Write(IndexFile, json);
        Assert.StartsWith(temporary.Path(IndexFile), Fails(problem, () => SafetensorsCheckpoint.Open(temporary.Path())).Message, StringComparison.Ordinal);
    }

    private static SafetensorsException Fails(string problem, Func<object> function) =>
        SafetensorsFileTests.Fails(problem, () => { function(); });
}
