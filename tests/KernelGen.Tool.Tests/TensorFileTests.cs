namespace KernelGen.Tool.Tests;

/// <summary>Where a file ends and a tensor's name begins.</summary>
public class TensorFileTests
{
    [Theory]
    [InlineData("a.safetensors", "a.safetensors", null)]
    [InlineData("a.safetensors:x", "a.safetensors", "x")]
    [InlineData("a:b:model.layers.0", "a:b", "model.layers.0")]
    [InlineData(@"C:\a.safetensors", @"C:\a.safetensors", null)]
    [InlineData("c:/a.safetensors", "c:/a.safetensors", null)]
    [InlineData(@"C:\a.safetensors:x", @"C:\a.safetensors", "x")]
    public void TheNameStandsAfterTheLastColon(string text, string path, string? tensor) =>
        Assert.Equal(new TensorFile(path, tensor), TensorFile.Parse("--input", text));

    [Fact]
    public void AFileThatExistsIsAFile()
    {
        if (OperatingSystem.IsWindows()) return; // no colons in names there
        using var folder = new TemporaryFolder();
        var path = folder.Write("a:b", ("x", [1, 1], [1f]));
        Assert.Equal(new TensorFile(path, null), TensorFile.Parse("--input", path));
    }

    [Theory]
    [InlineData(":x")]
    [InlineData("a:")]
    public void NeitherSideIsEmpty(string text) =>
        Assert.Contains(text, Assert.Throws<UsageException>(() => TensorFile.Parse("--input", text)).Message);
}
