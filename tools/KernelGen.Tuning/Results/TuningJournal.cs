using System.Text.Json;
using System.Text.Json.Serialization;

namespace KernelGen.Tuning;

/// <summary>What a search has found for one number of tokens.</summary>
/// <param name="Tokens">T.</param>
/// <param name="GateUp">Numbers of the first product.</param>
/// <param name="Down">Numbers of the second product.</param>
/// <param name="BestUs">Median microseconds of the best candidate.</param>
/// <param name="BaselineUs">Those of the heuristic's choice, side by side.</param>
/// <param name="Ratio">The first over the second.</param>
/// <param name="Measured">Median microseconds of the candidates that were timed, by their short names.</param>
public sealed record TunedRow(
    int Tokens, IReadOnlyDictionary<string, int> GateUp, IReadOnlyDictionary<string, int> Down, double BestUs, double BaselineUs, double Ratio, IReadOnlyDictionary<string, double> Measured)
{
    /// <summary>The row of a result.</summary>
    /// <param name="tokens">T.</param>
    /// <param name="result">What the search found.</param>
    /// <param name="name">A candidate's short name.</param>
    public static TunedRow Of(int tokens, SearchResult<ExpertsCandidate> result, Func<ExpertsCandidate, string> name) => new(
        tokens,
        new Dictionary<string, int>(result.Best.GateUp.Values),
        new Dictionary<string, int>(result.Best.Down.Values),
        result.BestUs,
        result.BaselineUs,
        result.Ratio,
        result.Measured.ToDictionary(measured => name(measured.Candidate), measured => measured.MedianUs))
    {
        ComparedRatio = result.ComparedRatio,
    };

    /// <summary>The same of what a file given for comparison chooses; null without one, or where it cannot run.</summary>
    public double? ComparedRatio { get; init; }

    /// <summary>The best candidate.</summary>
    [JsonIgnore]
    public ExpertsCandidate Best => new(new TuningPoint(GateUp), new TuningPoint(Down));
}

/// <summary>
/// What a search that was broken off had found, in a file beside the tuned one: the same search goes on from there. It goes when the
/// search is complete.
/// </summary>
/// <param name="path">The journal's file.</param>
/// <param name="identity">Everything that makes a search the same: model, device, space, routing, version.</param>
public sealed class TuningJournal(string path, string identity)
{
    private readonly Dictionary<int, TunedRow> _rows = Read(path, identity);

    /// <summary>The journal of a tuned file.</summary>
    public static TuningJournal Of(TunedFiles files, string identity) => new($"{files.Path}.unfinished", identity);

    /// <summary>What was found, by number of tokens.</summary>
    public IReadOnlyDictionary<int, TunedRow> Rows => _rows;

    /// <summary>Adds a row and writes the file.</summary>
    /// <exception cref="TuningException">The file cannot be written.</exception>
    public void Add(TunedRow row)
    {
        _rows[row.Tokens] = row;
        AtomicFile.Write(path, JsonSerializer.Serialize(new Content(identity, [.. _rows.Values]), Options));
    }

    /// <summary>The search is complete.</summary>
    public void Delete() => File.Delete(path);

    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true };

    // A file that is none of ours, or of another search, is nothing to go on from.
    private static Dictionary<int, TunedRow> Read(string path, string identity)
    {
        try
        {
            if (!File.Exists(path)) return [];
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path));
            return content?.Identity == identity ? content.Rows.ToDictionary(row => row.Tokens) : [];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or ArgumentException or NullReferenceException)
        {
            return [];
        }
    }

    private sealed record Content(string Identity, TunedRow[] Rows);
}
