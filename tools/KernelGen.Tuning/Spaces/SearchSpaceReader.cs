using System.Globalization;
using System.Text.Json;

namespace KernelGen.Tuning;

/// <summary>Reads search spaces: an object with <c>parameters</c>, which maps each key to a list of numbers.</summary>
internal static class SearchSpaceReader
{
    /// <summary>Maximum number of points; a larger search would not end.</summary>
    public const long MaxPoints = 1_000_000;

    private const int MaxBytes = 1 << 20;
    private const int LargestValue = 1 << 20;

    /// <summary>Reads a file.</summary>
    /// <exception cref="TuningException">The file is not a search space; the message names the file and the key.</exception>
    public static SearchSpace Load(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > MaxBytes) throw new TuningException($"{path}: has {length} bytes; a search space has at most {MaxBytes}");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Read(document.RootElement, path, path);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: invalid Unicode
        {
            throw new TuningException($"{path}: is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>Reads an object.</summary>
    /// <param name="json">The object.</param>
    /// <param name="name">Name of the space.</param>
    /// <param name="source">Name of the text for messages.</param>
    /// <exception cref="TuningException">The object is not a search space.</exception>
    public static SearchSpace Read(JsonElement json, string name, string source)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new TuningException($"{source}: is not a JSON object");
        var known = new HashSet<string>();
        foreach (var member in json.EnumerateObject())
        {
            if (!known.Add(member.Name)) throw new TuningException($"{source}: {Quote(member.Name)} is duplicated");
            if (member.Name is not ("description" or "parameters" or "family"))
                throw new TuningException($"{source}: {Quote(member.Name)} is not a member of a search space; expected parameters, description or family");
        }

        if (!json.TryGetProperty("parameters", out var parameters) || parameters.ValueKind != JsonValueKind.Object)
            throw new TuningException($"{source}: has no object 'parameters'");
        var read = new List<KeyValuePair<string, IReadOnlyList<int>>>();
        foreach (var parameter in parameters.EnumerateObject())
        {
            if (read.Any(other => other.Key == parameter.Name)) throw new TuningException($"{source}: {Quote(parameter.Name)} is duplicated");
            read.Add(KeyValuePair.Create(parameter.Name, Values(parameter, source)));
        }

        if (read.Count == 0) throw new TuningException($"{source}: 'parameters' has no key");
        if (read.Aggregate(1.0, (count, parameter) => count * parameter.Value.Count) > MaxPoints)
            throw new TuningException($"{source}: has more than {MaxPoints} combinations");
        return new SearchSpace(name, Text(json, "description", source) ?? "", read) { Family = Text(json, "family", source) ?? SearchSpace.Experts };
    }

    private static IReadOnlyList<int> Values(JsonProperty parameter, string source)
    {
        var expected = string.Create(CultureInfo.InvariantCulture, $"expected a list of different whole numbers from 1 to {LargestValue}");
        var values = new SortedSet<int>();
        if (parameter.Value.ValueKind != JsonValueKind.Array || parameter.Value.GetArrayLength() == 0)
            throw new TuningException($"{source}: {Quote(parameter.Name)} is not a list; {expected}");
        foreach (var item in parameter.Value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var value) || value is < 1 or > LargestValue || !values.Add(value))
                throw new TuningException($"{source}: {Quote(parameter.Name)} has {Quote(item.GetRawText())}; {expected}");
        }

        return [.. values];
    }

    private static string? Text(JsonElement json, string key, string source)
    {
        if (!json.TryGetProperty(key, out var value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw new TuningException($"{source}: {Quote(key)} is not a string");
    }

    private static string Quote(string text) => $"'{(text.Length <= 40 ? text : text[..40] + "…")}'";
}
