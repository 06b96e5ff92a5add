namespace KernelGen.Compiler.Tuning;

/// <summary>The kind of a JSON value.</summary>
internal enum JsonKind
{
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// <summary>A JSON value as in the file: members in order, numbers as written, with their positions.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Place">Position of its first character.</param>
internal sealed record JsonItem(JsonKind Kind, TextPlace Place)
{
    /// <summary>The characters of a string, or a number as written.</summary>
    public string Text { get; init; } = "";

    /// <summary>The members of an object.</summary>
    public IReadOnlyList<JsonMember> Members { get; init; } = [];

    /// <summary>The elements of an array.</summary>
    public IReadOnlyList<JsonItem> Items { get; init; } = [];

    /// <summary>The value's description in messages.</summary>
    public string Description => Kind switch
    {
        JsonKind.Object => "an object",
        JsonKind.Array => "an array",
        JsonKind.String => $"the string {TuningFileException.Quote(Text)}",
        JsonKind.Number => Text.Length <= 24 ? Text : Text.Substring(0, 24) + "…",
        JsonKind.True => "true",
        JsonKind.False => "false",
        _ => "null",
    };
}

/// <summary>A member of a JSON object.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Place">Position of the first character of its name.</param>
/// <param name="Value">Its value.</param>
internal sealed record JsonMember(string Name, TextPlace Place, JsonItem Value);
