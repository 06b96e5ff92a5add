using System.Globalization;

namespace KernelGen.Compiler.Tuning;

/// <summary>The choice that a tuning file makes for one number of tokens.</summary>
public sealed class TuningEntry
{
    private readonly IReadOnlyList<JsonMember> _members;

    /// <summary>An entry of these numbers, in this order.</summary>
    /// <exception cref="TuningFileException">A number is not one that its key may have, or the sizes of blocks are not all there.</exception>
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

    /// <summary>Number of tokens that was measured.</summary>
    public int Tokens { get; }

    /// <summary>Where the entry stands.</summary>
    public TextPlace Place { get; }

    /// <summary>Whether the entry is for a CPU.</summary>
    public bool IsForCpu => this[TuningKeys.VectorBits] is not null;

    /// <summary>The number of one of <see cref="TuningKeys"/>; null where the entry has none.</summary>
    public int? this[string key] =>
        TuningKeys.RangeOf(key) is not null && Find(key) is { } member ? int.Parse(member.Value.Text, CultureInfo.InvariantCulture) : null;

    /// <summary>Where a key's value stands; the entry's place where it has no such key.</summary>
    public TextPlace PlaceOf(string key) => Find(key)?.Value.Place ?? Place;

    internal JsonMember ToMember() =>
        new(Tokens.ToString(CultureInfo.InvariantCulture), Place, new JsonItem(JsonKind.Object, Place) { Members = _members });

    /// <summary>The same with another entry's numbers; keys that only this one has and nobody reads here stay.</summary>
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
