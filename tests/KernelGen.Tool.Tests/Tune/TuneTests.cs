using System.Text.Json;
using KernelGen.Compiler.Tuning;
using KernelGen.Testing;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tests.Tune;

/// <summary><c>kernelgen tune</c>: what it writes and what it refuses, not how fast anything is.</summary>
public class TuneTests
{
    private const string Config = """{"model_type":"mixtral","hidden_size":64,"intermediate_size":192,"num_local_experts":4,"num_experts_per_tok":2,"torch_dtype":"float32"}""";

    private const string Space = """{"parameters":{"BLOCK_SIZE_N":[24,48],"SPLIT_K":[1,2]}}""";

    private static readonly string FileName = $"E=4,N=96,device_name={CpuTarget.DeviceName},dtype=float32.json";

    [Fact]
    public async Task ATunedFileHasAnEntryForEachNumberOfTokens()
    {
        using var folder = Folder();
        var run = (await Tune(folder, "--batch-size", "1", "9", "--json", folder.File("search.json"))).AssertSuccess();
        Assert.Contains("fusedmoe_silu_e4_k2_h64_i96_f32", run.Output);
        Assert.Contains("tuned ÷ heuristic", run.Output);
        Assert.Contains("4 combinations", run.Output);
        Assert.Contains($"written to {folder.File(FileName)}", run.Output);

        var file = TuningFile.Parse(await File.ReadAllTextAsync(folder.File(FileName), TestContext.Current.CancellationToken));
        Assert.Equal([1, 9], file.Entries.Select(entry => entry.Tokens));
        Assert.All(file.Entries, entry => Assert.Null(CpuTile.Of(entry, entry).Problem()));
        Assert.Equal(["config.json", FileName, "search.json", "space.json"], Directory.GetFiles(folder.File("")).Select(path => Path.GetFileName(path)!).Order(StringComparer.OrdinalIgnoreCase));

        (await ToolRun.Of("report", folder.File("search.json"), "--output", folder.File("report.html"))).AssertSuccess();
        Assert.Contains("fusedmoe_silu_e4_k2_h64_i96_f32", await File.ReadAllTextAsync(folder.File("report.html"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ResultsMergeAndWhatTheFileHadBesidesStays()
    {
        using var folder = Folder();
        await File.WriteAllTextAsync(
            folder.File(FileName),
            """
            {
              "note": {"by": "hand"},
              "9": {"BLOCK_SIZE_M": 8, "BLOCK_SIZE_N": 24, "BLOCK_SIZE_K": 512, "VECTOR_BITS": 128, "TILE_SIZE_N": 6, "ROW_SIZE_M": 4, "comment": "slow"},
              "700": {"BLOCK_SIZE_M": 8, "BLOCK_SIZE_N": 96, "BLOCK_SIZE_K": 512, "VECTOR_BITS": 128, "TILE_SIZE_N": 6, "ROW_SIZE_M": 2}
            }
            """,
            TestContext.Current.CancellationToken);
        (await Tune(folder, "--batch-size", "9", "64")).AssertSuccess();
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(folder.File(FileName), TestContext.Current.CancellationToken));
        Assert.Equal(["note", "9", "64", "700"], json.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal("hand", json.RootElement.GetProperty("note").GetProperty("by").GetString());
        Assert.Equal("slow", json.RootElement.GetProperty("9").GetProperty("comment").GetString());
        Assert.NotEqual(128, json.RootElement.GetProperty("9").GetProperty("VECTOR_BITS").GetInt32());
        Assert.Equal(96, json.RootElement.GetProperty("700").GetProperty("BLOCK_SIZE_N").GetInt32());
    }

    [Fact]
    public async Task ProductsThatAreTunedApartHaveAFileEach()
    {
        using var folder = Folder();
        (await Tune(folder, "--separate", "--batch-size", "3")).AssertSuccess();
        var (up, down) = (Read(folder.File(FileName)), Read(folder.File(FileName.Replace(".json", "_down.json"))));
        Assert.Null(CpuTile.Of(up.Entries[0], down.Entries[0]).Problem());

        static TuningFile Read(string path) => TuningFile.Parse(File.ReadAllText(path));
    }

    [Fact]
    public async Task WhatWasBrokenOffGoesOn()
    {
        using var folder = Folder();
        using var cancellation = new CancellationTokenSource();
        using StringWriter output = new(), error = new();
        // The first entry appears when its number of tokens is complete; then comes Ctrl-C.
        using var watcher = new FileSystemWatcher(folder.File("")) { EnableRaisingEvents = true };
        watcher.Renamed += (_, change) =>
        {
            if (change.Name!.EndsWith(".unfinished", StringComparison.Ordinal)) cancellation.Cancel();
        };
        string[] args = Arguments(folder, "--batch-size", [.. Enumerable.Range(1, 12).Select(tokens => $"{tokens}")]);
        Assert.Equal(130, await Cli.RunAsync(args, new Terminal(output, error), cancellation.Token));
        Assert.Contains("run the same command to resume", error.ToString());
        var journal = new FileInfo(folder.File(FileName + ".unfinished"));
        Assert.True(journal.Exists);
        var before = TuningFile.Parse(await File.ReadAllTextAsync(folder.File(FileName), TestContext.Current.CancellationToken)).Entries.Count;
        Assert.InRange(before, 1, 11);

        // What is done already is shown with the times that were measured then.
        using var rows = JsonDocument.Parse(await File.ReadAllBytesAsync(journal.FullName, TestContext.Current.CancellationToken));
        var first = rows.RootElement.GetProperty("Rows")[0].GetProperty("BaselineUs").GetDouble();
        var run = (await ToolRun.Of(args)).AssertSuccess();
        Assert.Contains(first.ToString("F1", System.Globalization.CultureInfo.InvariantCulture), run.Output);
        Assert.False(File.Exists(journal.FullName));
        Assert.Equal(12, TuningFile.Parse(await File.ReadAllTextAsync(folder.File(FileName), TestContext.Current.CancellationToken)).Entries.Count);
    }

    [Theory]
    [InlineData("", "(1,1)")]
    [InlineData("{\"1\": 3}", "expected an object")]
    [InlineData("{\"1\": {\"BLOCK_SIZE_M\": -4}}", "BLOCK_SIZE_M is -4")]
    [InlineData("{\"1\": {}, \"1\": {}}", "duplicated")]
    [InlineData("{\"1\": {\"BLOCK_SIZE_M\": 16, \"BLOCK_SIZE_N\": 32, \"BLOCK_SIZE_K\": 64, \"GROUP_SIZE_M\": 1, \"num_warps\": 4, \"num_stages\": 3}}", "entries are for a GPU")]
    public async Task AFileThatIsNoneOfOursStaysAsItIs(string content, string expected)
    {
        using var folder = Folder();
        await File.WriteAllTextAsync(folder.File(FileName), content, TestContext.Current.CancellationToken);
        (await Tune(folder, "--batch-size", "1")).AssertFailure(2, FileName, expected);
        Assert.Equal(content, await File.ReadAllTextAsync(folder.File(FileName), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AFolderThatCannotBeWrittenIsOneLine()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("/proc is Linux's");
        using var folder = Folder();
        (await ToolRun.Of("tune", "--model", folder.File("config.json"), "--output", "/proc")).AssertFailure(2, "/proc/E=4", "cannot be written");
        (await ToolRun.Of("tune", "--model", folder.File("config.json"), "--output", folder.File("none"))).AssertFailure(2, "--output", "is not a directory");
    }

    [Fact]
    public void AFullDiskLeavesTheOldFile()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("/dev/full is Linux's");
        using var folder = Folder();
        var path = folder.File("file.json");
        File.WriteAllText(path, "old");
        File.CreateSymbolicLink(AtomicFile.TemporaryPath(path), "/dev/full");
        Assert.Contains("cannot be written", Assert.Throws<TuningException>(() => AtomicFile.Write(path, "new")).Message);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.False(File.Exists(AtomicFile.TemporaryPath(path)));
        Assert.True(File.Exists("/dev/full"));
    }

    [Theory]
    [InlineData("--tp-size 5", "I * ep / tp = 192 * 1 / 5 = 38.4")]
    [InlineData("--tp-size 9 --ep-size 3", "E / ep = 4 / 3 = 1.333")]
    [InlineData("--tp-size 4 --ep-size 3", "tp / ep = 4 / 3 = 1.333")]
    [InlineData("--tp-size 0", "--tp-size is 0")]
    [InlineData("--batch-size 0", "--batch-size is '0'")]
    [InlineData("--dtype fp4", "--dtype is 'fp4'")]
    [InlineData("--search-space triton", "has no kernels with GROUP_SIZE_M")]
    [InlineData("--search-space omni-forward", "family omni")]
    [InlineData("--skew -1", "--skew is '-1'")]
    [InlineData("--model nowhere", "is not a file, directory or preset; presets:")]
    public async Task WhatCannotBeIsOneLine(string options, string expected)
    {
        using var folder = Folder();
        string[] usual = options.Contains("--model") ? ["tune"] : ["tune", "--model", folder.File("config.json")];
        (await ToolRun.Of([.. usual, "--output", folder.File(""), .. options.Split(' ')])).AssertFailure(2, expected);
        Assert.Equal(2, Directory.GetFiles(folder.File("")).Length);
    }

    [Fact]
    public async Task AFileIsMeasuredBesideTheResult()
    {
        using var folder = Folder();
        const string Entry = """{"BLOCK_SIZE_M": 8, "BLOCK_SIZE_N": 24, "BLOCK_SIZE_K": 512, "VECTOR_BITS": 128, "TILE_SIZE_N": 6, "ROW_SIZE_M": 4}""";
        await File.WriteAllTextAsync(folder.File("other.json"), $$"""{"9": {{Entry}}}""", TestContext.Current.CancellationToken);
        var run = (await Tune(folder, "--batch-size", "9", "--compare", folder.File("other.json"))).AssertSuccess();
        Assert.Contains("file ÷ heuristic", run.Output);
        Assert.Equal(Entry, JsonDocument.Parse(await File.ReadAllTextAsync(folder.File("other.json"), TestContext.Current.CancellationToken)).RootElement.GetProperty("9").GetRawText());

        await File.WriteAllTextAsync(folder.File("gpu.json"), """{"1": {"BLOCK_SIZE_M": 16, "BLOCK_SIZE_N": 64, "BLOCK_SIZE_K": 64}}""", TestContext.Current.CancellationToken);
        (await Tune(folder, "--compare", folder.File("gpu.json"))).AssertFailure(2, "its entries are for a GPU");
        await File.WriteAllTextAsync(folder.File("odd.json"), $$"""{"9": {{Entry.Replace("512", "500")}}}""", TestContext.Current.CancellationToken);
        (await Tune(folder, "--compare", folder.File("odd.json"))).AssertFailure(2, "odd.json(1,", "BLOCK_SIZE_K");
        (await Tune(folder, "--compare", folder.File("none.json"))).AssertFailure(2, "none.json does not exist");
    }

    [Fact]
    public async Task RecordedIdsDecideWhichExpertsTokensHave()
    {
        using var folder = Folder();
        RoutingFile.Write(folder.File("ids.safetensors"), new Benchmarking.ExpertRouting(2, [0, 1, 3, 1], [0.5f, 0.5f, 0.25f, 0.75f]));
        (await Tune(folder, "--batch-size", "2", "--topk-ids", folder.File("ids.safetensors"))).AssertSuccess();

        RoutingFile.Write(folder.File("other.safetensors"), new Benchmarking.ExpertRouting(2, [0, 4], [0.5f, 0.5f]));
        (await Tune(folder, "--topk-ids", folder.File("other.safetensors"))).AssertFailure(2, "topk_ids[0, 1] is 4", "0 to 3");
        RoutingFile.Write(folder.File("wide.safetensors"), new Benchmarking.ExpertRouting(3, [0, 1, 2], [0.5f, 0.5f, 0]));
        (await Tune(folder, "--topk-ids", folder.File("wide.safetensors"))).AssertFailure(2, "[T, 2]");
        (await Tune(folder, "--topk-ids", folder.File("ids.safetensors"), "--skew", "1")).AssertFailure(2, "--skew applies to random ids");
    }

    [Fact]
    public async Task TheIdsOfALayerThatRanCanBeTunedFor()
    {
        using var folder = Folder();
        var model = Path.Combine(GoldenFiles.Root, "mixtral-a");
        var ids = folder.File("ids.safetensors");
        (await ToolRun.Of("run", "--model", model, "--input", Path.Combine(model, "expected.safetensors"), "--record", ids)).AssertSuccess();
        var routing = RoutingFile.Read(ids, experts: 8, topK: 2);
        Assert.Equal(37, routing.Tokens);
        Assert.All(routing.Ids.Chunk(2), pair => Assert.NotEqual(pair[0], pair[1]));
        Assert.All(routing.Weights.Chunk(2), pair => Assert.Equal(1f, pair.Sum(), 1e-5f));
        var run = (await ToolRun.Of("tune", "--model", model, "--output", folder.File(""), "--search-space", folder.File("space.json"), "--batch-size", "5", "--topk-ids", ids)).AssertSuccess();
        Assert.Contains("fusedmoe_silu_e8_k2_h128_i96_bf16", run.Output);
    }

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("config.json"), Config);
        File.WriteAllText(folder.File("space.json"), Space);
        return folder;
    }

    private static string[] Arguments(TemporaryFolder folder, string option, params string[] values) =>
        ["tune", "--model", folder.File("config.json"), "--tp-size", "2", "--output", folder.File(""), "--search-space", folder.File("space.json"), option, .. values];

    private static Task<ToolRun> Tune(TemporaryFolder folder, string option, params string[] values) => ToolRun.Of(Arguments(folder, option, values));
}
