namespace KernelGen.Compiler.Tuning;

/// <summary>What a JSON value is.</summary>
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

/// <summary>A JSON value as a file has it: members in their order, numbers as they are written, and where it stands.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Place">Its first character.</param>
internal sealed record JsonItem(JsonKind Kind, TextPlace Place)
{
    /// <summary>The characters of a string, or a number as it is written.</summary>
    public string Text { get; init; } = "";

    /// <summary>The members of an object.</summary>
    public IReadOnlyList<JsonMember> Members { get; init; } = [];

    /// <summary>The elements of an array.</summary>
    public IReadOnlyList<JsonItem> Items { get; init; } = [];

    /// <summary>What a message calls the value.</summary>
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
/// <param name="Place">The first character of its name.</param>
/// <param name="Value">Its value.</param>
internal sealed record JsonMember(string Name, TextPlace Place, JsonItem Value);
