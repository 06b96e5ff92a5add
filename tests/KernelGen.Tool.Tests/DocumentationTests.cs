using System.Text.RegularExpressions;
using KernelGen.Testing;

namespace KernelGen.Tool.Tests;

/// <summary>What the documentation says of itself: links, and numbers that stand in two places.</summary>
public partial class DocumentationTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(GoldenFiles.Root, "..", ".."));

    private static readonly string[] Pages =
    [
        .. Directory.GetFiles(Root, "*.md"),
        .. new[] { "docs", "samples" }.SelectMany(folder => Directory.GetFiles(Path.Combine(Root, folder), "*.md", SearchOption.AllDirectories)),
    ];

    [Fact]
    public void EveryLinkLeadsToAPlaceInTheRepository()
    {
        var links = Pages.SelectMany(page => Link().Matches(File.ReadAllText(page)).Select(link => (Page: page, Target: link.Groups["target"].Value)))
            .Where(link => !link.Target.Contains("://", StringComparison.Ordinal)).ToArray();
        Assert.InRange(links.Length, 50, int.MaxValue);
        Assert.All(links, link =>
        {
            var parts = link.Target.Split('#');
            var target = parts[0].Length == 0 ? link.Page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(link.Page)!, parts[0]));
            Assert.True(Path.Exists(target), $"{link.Page}: {link.Target}");
            if (parts.Length > 1) Assert.True(Anchors(target).Contains(parts[1]), $"{link.Page}: {target} has no heading {parts[1]}");
        });
    }

    [Fact]
    public void MeasurementsOfTheReadmeStandInThePerformancePage()
    {
        var measured = File.ReadAllText(Path.Combine(Root, "docs", "performance.md"));
        var section = File.ReadAllText(Path.Combine(Root, "README.md")).Split("## Performance")[1].Split("\n## ")[0];
        string[] numbers = [.. section.Split('\n').Where(line => line.StartsWith('|')).SelectMany(row => Decimal().Matches(row).Select(number => number.Value))];
        Assert.NotEmpty(numbers);
        Assert.All(numbers, number => Assert.Contains($" {number} ", measured));
    }

    /// <summary>A page's headings as GitHub makes anchors of them.</summary>
    private static IEnumerable<string> Anchors(string page) =>
        File.ReadLines(page).Where(line => line.StartsWith('#')).Select(line => Punctuation().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"\d+\.\d+")]
    private static partial Regex Decimal();
}
