using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;

namespace KernelGen.Tool.Tests;

/// <summary>The page of <c>kernelgen report</c> as a browser lays it out.</summary>
public partial class ReportInBrowserTests
{
    private static readonly string? Browser = FindBrowser();

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task NothingSticksOutOfThePage(int width)
    {
        Assert.SkipWhen(Browser is null, "no Chromium on this machine (chromium or google-chrome in the PATH)");
        using var folder = new TemporaryFolder();
        var rows = new[] { 1, 4, 16, 64, 256, 1024, 8192 }.SelectMany(tokens => new[]
        {
            TemporaryResults.Row("fusedmoe_silu_e128_k8_h2048_i768_bf16_cpu", "specialised", "cpu", 2048, tokens, 10 + tokens),
            TemporaryResults.Row("fusedmoe_silu_e128_k8_h2048_i768_bf16_splitk4_cpu", "split-K 4", "cpu", 2048, tokens, 12 + (2 * tokens)),
            TemporaryResults.Row("fusedmoe_silu_e128_k8_h2048_i768_bf16_cpu_unspecialized", "unspecialised", "cpu", 2048, tokens, 100 * tokens),
        });
        var page = folder.File("report.html");
        (await ToolRun.Of("report", folder.Results("a.json", [.. rows]), "--output", page)).AssertSuccess();

        // A frame of the phone's width: a window of that width does not exist in every version. Only this copy has a script.
        var html = File.ReadAllText(page).Replace("default-src 'none'; ", "", StringComparison.Ordinal);
        File.WriteAllText(folder.File("frame.html"), $$"""
            <!DOCTYPE html><html><body><iframe id="frame" style="width:{{width}}px;height:900px;border:0" srcdoc="{{WebUtility.HtmlEncode(html)}}"></iframe><script>
            frame.onload = () => { const page = frame.contentDocument; document.body.setAttribute('data-widths',
              [page.documentElement.scrollWidth, page.documentElement.clientWidth, page.querySelectorAll('svg').length,
               Math.max(...[...page.querySelectorAll('svg')].map(svg => svg.getBoundingClientRect().right)), Math.min(...[...page.querySelectorAll('svg')].map(svg => svg.getBoundingClientRect().height))].map(Math.round).join(' ')); };
            </script></body></html>
            """);
        var laidOut = await DumpAsync(folder, folder.File("frame.html"));
        var widths = Widths().Match(laidOut);
        Assert.True(widths.Success, laidOut);
        int[] numbers = [.. widths.Groups[1].Value.Split(' ').Select(int.Parse)];
        Assert.True(numbers[0] <= numbers[1], $"the page is {numbers[0]} wide in a window of {numbers[1]}");
        Assert.Equal(3, numbers[2]);
        Assert.True(numbers[3] <= width, $"a plot ends at {numbers[3]} of {width}");
        Assert.True(numbers[4] >= 150, $"a plot is {numbers[4]} high");
    }

    private static async Task<string> DumpAsync(TemporaryFolder folder, string path)
    {
        var start = new ProcessStartInfo(Browser!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                $"--user-data-dir={folder.File("profile")}", "--virtual-time-budget=2000", "--window-size=1400,1000", "--dump-dom", new Uri(path).AbsoluteUri,
            },
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await errors;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    private static string? FindBrowser() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome", "chrome.exe" }.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    [GeneratedRegex("data-widths=\"([0-9 ]+)\"")]
    private static partial Regex Widths();
}
