using System.Text.Json;
using System.Text.Json.Serialization;

namespace KernelGen.Tuning;

/// <summary>The result of a search for one token count.</summary>
/// <param name="Tokens">T.</param>
/// <param name="GateUp">Configuration of the first GEMM.</param>
/// <param name="Down">Configuration of the second GEMM.</param>
/// <param name="BestUs">Median microseconds of the best candidate.</param>
/// <param name="BaselineUs">Median microseconds of the heuristic's choice, measured side by side.</param>
/// <param name="Ratio">The first over the second.</param>
/// <param name="Measured">Median microseconds of the timed candidates, by short name.</param>
public sealed record TunedRow(
    int Tokens, IReadOnlyDictionary<string, int> GateUp, IReadOnlyDictionary<string, int> Down, double BestUs, double BaselineUs, double Ratio, IReadOnlyDictionary<string, double> Measured)
{
    /// <summary>Creates the row of a result.</summary>
    /// <param name="tokens">T.</param>
    /// <param name="result">The result of the search.</param>
    /// <param name="name">Returns a candidate's short name.</param>
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

    /// <summary>The same ratio for the choice of the file given for comparison; null without one, or if it cannot run.</summary>
    public double? ComparedRatio { get; init; }

    /// <summary>The best candidate.</summary>
    [JsonIgnore]
    public ExpertsCandidate Best => new(new TuningPoint(GateUp), new TuningPoint(Down));
}

/// <summary>
/// The results of an interrupted search, in a file next to the tuning file, from which the same search resumes. It is deleted when the
/// search is complete.
/// </summary>
/// <param name="path">The journal's file.</param>
/// <param name="identity">Everything that identifies the search: model, device, space, routing, version.</param>
public sealed class TuningJournal(string path, string identity)
{
    private readonly Dictionary<int, TunedRow> _rows = Read(path, identity);

    /// <summary>The journal of a tuning file.</summary>
    public static TuningJournal Of(TunedFiles files, string identity) => new($"{files.Path}.unfinished", identity);

    /// <summary>The results by token count.</summary>
    public IReadOnlyDictionary<int, TunedRow> Rows => _rows;

    /// <summary>Adds a row and writes the file.</summary>
    /// <exception cref="TuningException">The file cannot be written.</exception>
    public void Add(TunedRow row)
    {
        _rows[row.Tokens] = row;
        AtomicFile.Write(path, JsonSerializer.Serialize(new Content(identity, [.. _rows.Values]), Options));
    }

    /// <summary>Deletes the journal of a completed search.</summary>
    public void Delete() => File.Delete(path);

    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true };

    // A file that is malformed or belongs to another search is ignored.
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
