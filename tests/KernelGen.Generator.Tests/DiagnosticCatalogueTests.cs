using System.Runtime.CompilerServices;
using KernelGen.Generator;
using Microsoft.CodeAnalysis;

namespace KernelGen.Tests;

/// <summary>Every diagnostic has a page that explains it and a line in the release tracking, and no page is left over.</summary>
public sealed class DiagnosticCatalogueTests
{
    private static readonly string Root = FindRoot();

    public static TheoryData<string> Ids => [.. Rules.Select(rule => rule.Id)];

    private static IEnumerable<DiagnosticDescriptor> Rules => new DeclarationAnalyzer().SupportedDiagnostics.AddRange(new TuningFileAnalyzer().SupportedDiagnostics);

    [Theory]
    [MemberData(nameof(Ids))]
    public void Has_a_page(string id)
    {
        var rule = Rules.Single(rule => rule.Id == id);
        var page = File.ReadAllText(Path.Combine(Root, "docs", "diagnostics", $"{id}.md"));
        Assert.StartsWith($"# {id}: {rule.Title}\n", page);
        Assert.All(["## Cause", "## Example", "## Fix"], heading => Assert.Contains($"\n{heading}\n", page));
        Assert.Equal($"https://github.com/kernelgen/kernelgen/blob/main/docs/diagnostics/{id}.md", rule.HelpLinkUri);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Has_a_line_in_the_release_tracking(string id)
    {
        var tracked = new[] { "Shipped", "Unshipped" }
            .SelectMany(state => File.ReadAllLines(Path.Combine(Root, "generator", "KernelGen.Generator", $"AnalyzerReleases.{state}.md")));
        Assert.Single(tracked, line => line.StartsWith($"{id} | KernelGen | {Rules.Single(rule => rule.Id == id).DefaultSeverity} |"));
    }

    [Fact]
    public void No_page_is_left_over()
    {
        var pages = Directory.GetFiles(Path.Combine(Root, "docs", "diagnostics"), "KG*.md").Select(Path.GetFileNameWithoutExtension).Where(id => !id!.StartsWith("KG1", StringComparison.Ordinal));
        Assert.Equal(Rules.Select(rule => rule.Id), pages.Order(StringComparer.Ordinal));
    }

    private static string FindRoot([CallerFilePath] string testFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(testFile)!, "..", ".."));
}
