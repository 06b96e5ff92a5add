using System.Globalization;
using System.Text.Json;

namespace KernelGen.HuggingFace;

/// <summary>Typed, validated access to the keys of one JSON object of a <c>config.json</c>. A null value counts as absent.</summary>
internal sealed class ModelConfigSection(string file, JsonElement json, string prefix = "")
{
    public string File => file;

    public bool Has(string key) => Find(key) is not null;

    /// <summary>The object under a key, or null.</summary>
    public ModelConfigSection? Section(string key)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Object) throw WrongType(key, value, "an object");
        return new ModelConfigSection(file, value, $"{prefix}{key}.");
    }

    /// <summary>The members of the object under a key, which must be objects; empty if the key is absent.</summary>
    public IEnumerable<ModelConfigSection> Sections(string key)
    {
        if (Section(key) is not { } parent) yield break;
        foreach (var member in Find(key)!.Value.EnumerateObject())
        {
            if (parent.Section(member.Name) is { } section) yield return section;
        }
    }

    /// <summary>A list of two integers, or null.</summary>
    public (int First, int Second)? Pair(string key, int least, int most)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 2 && Number(value[0]) is { } first && Number(value[1]) is { } second)
            return (first, second);
        throw Bad(key, string.Create(CultureInfo.InvariantCulture, $"is {Shown(value)}; expected a list of two integers from {least} to {most}"));

        int? Number(JsonElement item) =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) && number >= least && number <= most ? number : null;
    }

    public string? OptionalString(string key)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String) throw WrongType(key, value, "a string");
        return value.GetString();
    }

    public bool Bool(string key, bool absent)
    {
        if (Find(key) is not { } value) return absent;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) throw WrongType(key, value, "true or false");
        return value.GetBoolean();
    }

    /// <summary>A required integer.</summary>
    public int Int(string key, int least, int most) => OptionalInt(key, least, most) ?? throw Bad(key, "is missing; expected an integer");

    public int Int(string key, int least, int most, int absent) => OptionalInt(key, least, most) ?? absent;

    public double PositiveNumber(string key, double absent)
    {
        if (Find(key) is not { } value) return absent;
        if (value.ValueKind != JsonValueKind.Number) throw WrongType(key, value, "a number");
        if (value.TryGetDouble(out var number) && double.IsFinite((float)number) && (float)number > 0) return number;
        throw Bad(key, $"is {Shown(value)}; expected a positive number within the range of fp32");
    }

    /// <summary>Layer indices, each below <paramref name="layers"/>, or null.</summary>
    public IReadOnlyCollection<int>? Layers(string key, int layers)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) throw WrongType(key, value, "a list of layers");
        var numbers = new SortedSet<int>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var layer) || layer < 0 || layer >= layers)
                throw Bad(key, $"contains {Shown(item)}; expected layers from 0 to {layers - 1}");
            numbers.Add(layer);
        }

        return numbers;
    }

    /// <summary>A key, qualified by the objects that contain it.</summary>
    public string FullKey(string key) => SafetensorsException.Quote(prefix + key).Trim('\'');

    public ModelConfigException Bad(string key, string problem) => new(file, FullKey(key), problem);

    private int? OptionalInt(string key, int least, int most)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number) throw WrongType(key, value, "an integer");
        if (value.TryGetInt32(out var number) && number >= least && number <= most) return number;
        var range = string.Create(CultureInfo.InvariantCulture, $"an integer from {least} to {most}");
        throw Bad(key, $"is {Shown(value)}; expected {range}");
    }

    private JsonElement? Find(string key) =>
        json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private ModelConfigException WrongType(string key, JsonElement value, string expected) => Bad(key, $"is {Shown(value)}; expected {expected}");

    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => SafetensorsException.Quote(value.GetRawText()).Trim('\''),
    };
}
