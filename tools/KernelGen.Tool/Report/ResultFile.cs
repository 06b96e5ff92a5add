using System.Text.Json;
using System.Text.Json.Serialization;

namespace KernelGen.Tool.Report;

/// <summary>A file that <c>kernelgen bench</c> or <c>kernelgen tune</c> has written with <c>--json</c>, as far as reports show it.</summary>
internal sealed record ResultFile
{
    // The largest that a search of days would write; a report of more is nothing to look at.
    private const long MaxBytes = 256 << 20;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.Strict };

    /// <summary>The file's name, without folders.</summary>
    [JsonIgnore]
    public string Name { get; private init; } = "";

    /// <summary>When it was measured.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>What it was measured on.</summary>
    public required ResultMachine Machine { get; init; }

    /// <summary>Name of the variant that the run was about; older files say it with their first row alone.</summary>
    public string? Subject { get; init; }

    /// <summary>What was measured.</summary>
    public IReadOnlyList<ResultRow> Rows { get; init; } = [];

    /// <summary>What was left out, and why.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What a search has tried, if the file is of one.</summary>
    public ResultSearch? Search { get; init; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="UsageException">It is no such file; the message says where.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ResultFile Read(string path)
    {
        if (Directory.Exists(path)) throw new UsageException($"{path} is a directory; expected a file of kernelgen bench or tune --json");
        using var stream = File.OpenRead(path);
        if (stream.CanSeek && stream.Length > MaxBytes) throw new UsageException($"{path} has {stream.Length} bytes; results have at most {MaxBytes}");
        try
        {
            var file = JsonSerializer.Deserialize<ResultFile>(stream, Options) ?? throw new JsonException("it is null");
            file.Check(path);
            return file with { Name = Path.GetFileName(path) };
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path} is not a result of kernelgen bench or tune: {e.Message}", e);
        }
    }

    private void Check(string path)
    {
        if (Rows.Count == 0 && Search is null) throw new UsageException($"{path} has neither rows nor a search");
        foreach (var row in Rows)
        {
            if (row.Tokens < 1) throw new UsageException($"{path}: {row.Variant} has tokens {row.Tokens}; expected at least 1");
            RequireTime(path, row.Variant, row.MedianUs);
        }

        foreach (var candidate in Search?.Candidates ?? [])
        {
            if (candidate.Tokens < 1) throw new UsageException($"{path}: a candidate has tokens {candidate.Tokens}; expected at least 1");
            RequireTime(path, candidate.Name, candidate.MedianUs);
        }
    }

    private static void RequireTime(string path, string name, double microseconds)
    {
        if (!(microseconds > 0 && double.IsFinite(microseconds))) throw new UsageException(FormattableString.Invariant($"{path}: {name} took {microseconds} µs; expected a finite time above 0"));
    }
}

/// <summary>A machine and its measured limits.</summary>
internal sealed record ResultMachine
{
    public required string Cpu { get; init; }

    public int Threads { get; init; }

    public string OperatingSystem { get; init; } = "";

    public string Runtime { get; init; } = "";

    /// <summary>Names of other devices, and what they are.</summary>
    public IReadOnlyDictionary<string, string> Devices { get; init; } = new Dictionary<string, string>();

    /// <summary>10⁹ fp32 operations a second.</summary>
    public double Gflops { get; init; }

    /// <summary>10⁹ bytes a second.</summary>
    public double GigabytesPerSecond { get; init; }
}

/// <summary>One kernel with one token count.</summary>
internal sealed record ResultRow
{
    public required string Variant { get; init; }

    public required string Form { get; init; }

    public string Device { get; init; } = "cpu";

    public IReadOnlyDictionary<string, int> Shape { get; init; } = new Dictionary<string, int>();

    public required int Tokens { get; init; }

    public required double MedianUs { get; init; }

    public double MinUs { get; init; }

    public double? Gflops { get; init; }

    public double? GigabytesPerSecond { get; init; }

    public double? MaxError { get; init; }

    public string Command { get; init; } = "";
}

/// <summary>What a search has tried.</summary>
internal sealed record ResultSearch
{
    /// <summary>What was tuned: the configuration's canonical name, with its product if the two were tuned apart.</summary>
    public required string Subject { get; init; }

    public string Device { get; init; } = "cpu";

    /// <summary>Candidates of the whole space.</summary>
    public long SpaceSize { get; init; }

    public IReadOnlyList<ResultCandidate> Candidates { get; init; } = [];

    public string Command { get; init; } = "";
}

/// <summary>One candidate of a search with one token count.</summary>
internal sealed record ResultCandidate
{
    /// <summary>Its settings in short, the same for every token count.</summary>
    public required string Name { get; init; }

    public required int Tokens { get; init; }

    public required double MedianUs { get; init; }
}
