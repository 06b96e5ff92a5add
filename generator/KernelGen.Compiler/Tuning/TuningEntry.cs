using System.Globalization;

namespace KernelGen.Compiler.Tuning;

/// <summary>The choice of a tuning file for one token count.</summary>
public sealed class TuningEntry
{
    private readonly IReadOnlyList<JsonMember> _members;

    /// <summary>Creates an entry with these numbers, in this order.</summary>
    /// <exception cref="TuningFileException">A number is out of its key's range, or a block size is missing.</exception>
    public TuningEntry(int tokens, params (string Key, int Value)[] values)
        : this(tokens, new JsonItem(JsonKind.Object, TextPlace.None) { Members = values.Select(Member).ToArray() }, TextPlace.None)
    {
    }

    internal TuningEntry(int tokens, JsonItem item, TextPlace place)
    {
        if (item.Kind != JsonKind.Object) throw new TuningFileException($"the entry of {tokens} tokens is {item.Description}; expected an object", item.Place);
        (Tokens, Place, _members) = (tokens, place, item.Members);
        foreach (var member in _members) Check(member);
        foreach (var key in new[] { TuningKeys.BlockM, TuningKeys.BlockN, TuningKeys.BlockK })
        {
            if (this[key] is null) throw new TuningFileException($"the entry of {tokens} tokens has no {key}", place);
        }
    }

    /// <summary>The measured token count.</summary>
    public int Tokens { get; }

    /// <summary>Position of the entry.</summary>
    public TextPlace Place { get; }

    /// <summary>Whether the entry is for a CPU.</summary>
    public bool IsForCpu => this[TuningKeys.VectorBits] is not null;

    /// <summary>The number of one of <see cref="TuningKeys"/>, or null.</summary>
    public int? this[string key] =>
        TuningKeys.RangeOf(key) is not null && Find(key) is { } member ? int.Parse(member.Value.Text, CultureInfo.InvariantCulture) : null;

    /// <summary>Position of a key's value, or of the entry if it lacks the key.</summary>
    public TextPlace PlaceOf(string key) => Find(key)?.Value.Place ?? Place;

    internal JsonMember ToMember() =>
        new(Tokens.ToString(CultureInfo.InvariantCulture), Place, new JsonItem(JsonKind.Object, Place) { Members = _members });

    /// <summary>The same with another entry's numbers. Keys that only this one has and that are not read here are kept.</summary>
    internal TuningEntry With(TuningEntry newer)
    {
        var kept = _members.Select(old => newer.Find(old.Name) ?? (TuningKeys.RangeOf(old.Name) is null ? old : null)).OfType<JsonMember>();
        var added = newer._members.Where(member => Find(member.Name) is null);
        return new TuningEntry(Tokens, new JsonItem(JsonKind.Object, Place) { Members = [.. kept, .. added] }, Place);
    }

    private static JsonMember Member((string Key, int Value) pair)
    {
        var number = new JsonItem(JsonKind.Number, TextPlace.None) { Text = pair.Value.ToString(CultureInfo.InvariantCulture) };
        return new JsonMember(pair.Key, TextPlace.None, number);
    }

    private static void Check(JsonMember member)
    {
        var value = member.Value;
        if (member.Name == TuningKeys.UseTma && value.Kind is not (JsonKind.True or JsonKind.False))
            throw new TuningFileException($"{member.Name} is {value.Description}; expected true or false", value.Place);
        if (TuningKeys.RangeOf(member.Name) is not var (least, most)) return;
        var isNumber = value.Kind == JsonKind.Number && value.Text.IndexOfAny(['.', 'e', 'E']) < 0;
        if (!isNumber || !int.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < least || number > most)
            throw new TuningFileException($"{member.Name} is {value.Description}; expected a whole number from {least} to {most}", value.Place);
    }

    private JsonMember? Find(string key) => _members.FirstOrDefault(member => member.Name == key);
}
