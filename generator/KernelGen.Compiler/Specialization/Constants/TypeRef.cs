namespace KernelGen.Compiler.Specialization;

/// <summary>The C# type of an expression, where declarations tell it.</summary>
internal sealed class TypeRef
{
    private static readonly TypeRef[] PrimitiveTypes = Enumerable
        .Range(0, (int)Primitive.Double + 1)
        .Select(type => new TypeRef(((Primitive)type).Keyword(), (Primitive)type))
        .ToArray();

    private TypeRef? _element;

    private TypeRef(string text, Primitive primitive)
    {
        Text = text;
        Primitive = primitive;
    }

    /// <summary>The type as C# text.</summary>
    public string Text { get; }

    public Primitive Primitive { get; }

    public bool IsPointer => Text[Text.Length - 1] == '*';

    public bool IsIntegral => Primitive.IsIntegral();

    /// <summary>What indexing yields: of pointers, arrays and spans; null for other types.</summary>
    public TypeRef? Element => _element ??= ElementText() is { Length: > 0 } text ? Of(text) : null;

    /// <summary>Whether <c>Length</c> is an <c>int</c> without effects.</summary>
    public bool HasLength => !IsPointer && Element is not null;

    public static TypeRef Of(Primitive type) => PrimitiveTypes[(int)type];

    public static TypeRef? OfOrNull(Primitive type) => type == Primitive.None ? null : Of(type);

    public static TypeRef Of(string text)
    {
        var name = WithoutAlias(text);
        var primitive = Primitives.FromName(name);
        return primitive == Primitive.None ? new TypeRef(text, Primitive.None) : Of(primitive);
    }

    /// <summary>Whether two type texts mean one type: <c>float</c> and <c>System.Single</c>, a name and the same name with its namespace.</summary>
    public static bool SameType(string left, string right)
    {
        var (x, y) = (WithoutAlias(left), WithoutAlias(right));
        if (x == y) return true;
        var (p, q) = (Primitives.FromName(x), Primitives.FromName(y));
        if (p != Primitive.None || q != Primitive.None) return p == q;
        return x.EndsWith("." + y, StringComparison.Ordinal) || y.EndsWith("." + x, StringComparison.Ordinal);
    }

    private static string WithoutAlias(string text) => text.StartsWith("global::", StringComparison.Ordinal) ? text.Substring(8) : text;

    private string? ElementText()
    {
        if (IsPointer) return Text.Substring(0, Text.Length - 1);
        if (Text.EndsWith("[]", StringComparison.Ordinal)) return Text.Substring(0, Text.Length - 2);
        foreach (var span in new[] { "Span<", "ReadOnlySpan<" })
            if (Text.StartsWith(span, StringComparison.Ordinal) && Text[Text.Length - 1] == '>')
                return Text.Substring(span.Length, Text.Length - span.Length - 1);
        return null;
    }
}
