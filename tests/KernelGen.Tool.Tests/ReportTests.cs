using System.Text.RegularExpressions;

namespace KernelGen.Tool.Tests;

/// <summary><c>kernelgen report</c>: what the page holds, and what is no result.</summary>
public class ReportTests
{
    [Fact]
    public async Task BenchmarksBecomeAPage()
    {
        using var folder = new TemporaryFolder();
        var (gate, moe, page) = (folder.File("gate.json"), folder.File("moe.json"), folder.File("report.html"));
        (await ToolRun.Of("bench", "gate", "--experts", "32", "--top-k", "4", "--tokens", "1,33", "--json", gate)).AssertSuccess();
        (await ToolRun.Of("bench", "moe", "--experts", "4", "--top-k", "2", "--hidden", "48", "--intermediate", "40", "--tokens", "2,40", "--json", moe)).AssertSuccess();
        var run = (await ToolRun.Of("report", gate, moe, "--output", page)).AssertSuccess();
        Assert.Contains("of 2 files", run.Output);

        var html = File.ReadAllText(page);
        Assert.Contains("<h2>moegate_softmax_e32_k4_f32</h2>", html);
        Assert.Contains("<h2>fusedmoe_silu_e4_k2_h48_i40_f32</h2>", html);
        Assert.Equal(5, Regex.Count(html, "<svg ")); // two for each configuration, and a roofline of the one that has operations
        Assert.Contains($"kernelgen bench gate --experts 32 --top-k 4 --tokens 1,33 --json {gate}", html);
        AssertAsksNoNetwork(html);
    }

    [Fact]
    public async Task SlicesBecomeATableForEachHiddenSizeWithTheBestMarked()
    {
        using var folder = new TemporaryFolder();
        var small = folder.Results("small.json", SplitKRow(4096, 128, 1, 400), SplitKRow(4096, 128, 2, 380.5), SplitKRow(4096, 256, 1, 500), SplitKRow(4096, 256, 8, 600));
        var large = folder.Results("large.json", SplitKRow(8192, 128, 1, 800), SplitKRow(8192, 128, 4, 700));
        (await ToolRun.Of("report", large, small, "--output", folder.File("report.html"))).AssertSuccess();
        var html = File.ReadAllText(folder.File("report.html"));
        Assert.True(html.IndexOf("<h3>fusedmoe_silu_e8_k2_h4096_i3584_bf16, cuda:0</h3>", StringComparison.Ordinal) < html.IndexOf("<h3>fusedmoe_silu_e8_k2_h8192_i3584_bf16, cuda:0</h3>", StringComparison.Ordinal));
        Assert.Contains("<th scope=\"col\">SPLIT_K=1</th><th scope=\"col\">SPLIT_K=2</th><th scope=\"col\">SPLIT_K=8</th>", html);
        Assert.Contains("<tr><td>128</td><td>0.400000</td><td class=\"best\">0.380500</td><td>–</td></tr>", html);
        Assert.Contains("<tr><td>256</td><td class=\"best\">0.500000</td><td>–</td><td>0.600000</td></tr>", html);
    }

    [Fact]
    public async Task SearchesBecomeAHeatMap()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("tuned.json");
        File.WriteAllText(path, $$"""
            { {{TemporaryResults.Head}}, "search": { "subject": "fusedmoe_x", "device": "cpu", "spaceSize": 1920, "candidates": [
              { "name": "16×64", "tokens": 1, "medianUs": 10 }, { "name": "16×64", "tokens": 64, "medianUs": 90 }, { "name": "128×64", "tokens": 64, "medianUs": 60 } ] } }
            """);
        (await ToolRun.Of("report", path, "--output", folder.File("report.html"))).AssertSuccess();
        var html = File.ReadAllText(folder.File("report.html"));
        Assert.Contains("2 of 1920 candidates measured on cpu", html);
        Assert.Contains("16&#215;64, 64 tokens: 90 &#181;s, 1.50 times the best", html);
        Assert.Equal(3, Regex.Count(html, "class=\"cell\""));
    }

    [Fact]
    public async Task AHeatMapShowsTheBestOfEveryNumberOfTokens()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("tuned.json");
        var close = Enumerable.Range(0, 60).Select(i => $$"""{ "name": "first{{i}} second", "tokens": 1, "medianUs": {{1000 + i}} }""");
        var apart = Enumerable.Range(0, 3).Select(i => $$"""{ "name": "other{{i}}", "tokens": 64, "medianUs": {{10 << i}} }""");
        File.WriteAllText(path, $$"""
            { "date": "2026-11-21T00:00:00Z", "machine": { "cpu": "x", "devices": { "cuda:0": "a device of 132 parts" } },
              "search": { "subject": "fusedmoe_x", "device": "cuda:0", "candidates": [ {{string.Join(", ", close.Concat(apart))}} ] } }
            """);
        (await ToolRun.Of("report", path, "--output", folder.File("report.html"))).AssertSuccess();
        var html = File.ReadAllText(folder.File("report.html"));
        Assert.Contains("cuda:0: a device of 132 parts", html);
        Assert.Contains("the 32 that come nearest to the best are shown", html);
        Assert.Equal(32, Regex.Count(html, "class=\"cell\""));
        Assert.All(Enumerable.Range(0, 3), i => Assert.Contains($">other{i}</text>", html));
        Assert.Matches(">first0</text>\\s*<text [^>]*>second</text>", html);
    }

    [Fact]
    public async Task WordsOfAFileStayWords()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Results("evil.json", TemporaryResults.Row("<script>alert(1)</script>", "\\\"><img src=x>", "cpu", 64, 7, 1));
        (await ToolRun.Of("report", path, "--output", folder.File("report.html"))).AssertSuccess();
        AssertAsksNoNetwork(File.ReadAllText(folder.File("report.html")));
    }

    [Theory]
    [InlineData("{", "not a result of kernelgen bench or tune")]
    [InlineData("[]", "not a result of kernelgen bench or tune")]
    [InlineData("null", "not a result of kernelgen bench or tune")]
    [InlineData("{ \"rows\": [] }", "machine")]
    [InlineData("{ \"date\": \"2026-11-21T00:00:00Z\", \"machine\": { \"cpu\": \"x\" } }", "neither rows nor a search")]
    [InlineData("{ \"date\": \"2026-11-21T00:00:00Z\", \"machine\": { \"cpu\": \"x\" }, \"rows\": [{ \"variant\": \"v\", \"form\": \"f\", \"tokens\": 0, \"medianUs\": 1 }] }", "tokens 0")]
    [InlineData("{ \"date\": \"2026-11-21T00:00:00Z\", \"machine\": { \"cpu\": \"x\" }, \"rows\": [{ \"variant\": \"v\", \"form\": \"f\", \"tokens\": 1, \"medianUs\": -2 }] }", "-2")]
    [InlineData("{ \"date\": \"2026-11-21T00:00:00Z\", \"machine\": { \"cpu\": \"x\" }, \"rows\": [{ \"variant\": \"v\", \"form\": \"f\", \"tokens\": \"1\", \"medianUs\": 2 }] }", "$.rows[0].tokens")]
    public async Task WhatIsNoResultIsOneLine(string text, string says)
    {
        using var folder = new TemporaryFolder();
        var (path, page) = (folder.File("no.json"), folder.File("report.html"));
        File.WriteAllText(path, text);
        File.WriteAllText(page, "old");
        (await ToolRun.Of("report", path, "--output", page)).AssertFailure(ExitCode.BadUsage, path, says);
        Assert.Equal("old", File.ReadAllText(page));
    }

    [Fact]
    public async Task FilesThatAreNotThereAreOneLine()
    {
        using var folder = new TemporaryFolder();
        (await ToolRun.Of("report", folder.File("none.json"), "--output", folder.File("report.html"))).AssertFailure(ExitCode.BadUsage, "none.json");
        (await ToolRun.Of("report", Path.GetTempPath(), "--output", folder.File("report.html"))).AssertFailure(ExitCode.BadUsage, "is a directory");
        (await ToolRun.Of("report", folder.File("none.json"), "--output", Path.Combine(folder.File("none"), "report.html"))).AssertFailure(ExitCode.BadUsage, "does not exist");
    }

    private static string SplitKRow(int hiddenSize, int tokens, int slices, double microseconds) => TemporaryResults.Row(
        $"fusedmoe_silu_e8_k2_h{hiddenSize}_i3584_bf16{(slices > 1 ? $"_splitk{slices}" : "")}_ilgpu", slices == 1 ? "specialised" : $"split-K {slices}", "cuda:0", hiddenSize, tokens, microseconds);

    private static void AssertAsksNoNetwork(string html)
    {
        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("<img", html);
        Assert.DoesNotMatch("<[^>]*(src|href)=|url\\(|@import", html);
        Assert.Contains("default-src 'none'", html);
    }
}

/// <summary>Results as a benchmark writes them.</summary>
internal static class TemporaryResults
{
    public const string Head = """
        "date": "2026-11-21T10:00:00Z", "machine": { "cpu": "Some Processor", "threads": 2, "gflops": 236, "gigabytesPerSecond": 40 }
        """;

    public static string Results(this TemporaryFolder folder, string name, params string[] rows)
    {
        File.WriteAllText(folder.File(name), $$"""{ {{Head}}, "rows": [ {{string.Join(", ", rows)}} ] }""");
        return folder.File(name);
    }

    public static string Row(string variant, string form, string device, int hiddenSize, int tokens, double microseconds) => FormattableString.Invariant(
        $$"""{ "variant": "{{variant}}", "form": "{{form}}", "device": "{{device}}", "shape": { "hiddenSize": {{hiddenSize}} }, "tokens": {{tokens}}, "medianUs": {{microseconds}}, "gflops": 10, "gigabytesPerSecond": 5 }""");
}
