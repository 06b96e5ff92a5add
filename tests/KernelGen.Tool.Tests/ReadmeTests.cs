using KernelGen.Testing;

namespace KernelGen.Tool.Tests;

/// <summary>The README's commands of the tool, one after the other as a reader would type them.</summary>
public class ReadmeTests
{
    private const string Prefix = "dotnet run -c Release --project tools/KernelGen.Tool -f net10.0 -- ";

    [Fact]
    public async Task EveryCommandOfTheToolWorks()
    {
        using var folder = new TemporaryFolder();
        var readme = Path.Combine(GoldenFiles.Root, "..", "..", "README.md");
        string[] commands = [.. File.ReadLines(readme).Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)).Select(line => line[Prefix.Length..])];
        Assert.NotEmpty(commands);
        foreach (var command in commands)
        {
            var run = await ToolRun.Of([.. command.Split(' ').Select(word => Locate(word, folder))]);
            Assert.True(run is { ExitCode: 0, Error: "", Output: not "" }, $"{command}: exit code {run.ExitCode}, {run.Error}");
        }
    }

    /// <summary>What the repository has is read there; a file of no folder is written, and read again, elsewhere.</summary>
    private static string Locate(string word, TemporaryFolder folder) =>
        word.StartsWith("tests/golden/", StringComparison.Ordinal) ? GoldenFiles.Path(word["tests/golden/".Length..])
        : word == "." ? folder.File("")
        : word.EndsWith(".json", StringComparison.Ordinal) || word.EndsWith(".html", StringComparison.Ordinal) ? folder.File(word)
        : word;
}
