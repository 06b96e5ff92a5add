using System.Globalization;
using System.Text;

namespace KernelGen.Compiler.Tuning;

/// <summary>Writes JSON in the tuners' style: four spaces, one line per member.</summary>
internal static class JsonWriter
{
    public static string Write(JsonItem item)
    {
        var text = new StringBuilder();
        Write(text, item, indent: 0);
        return text.Append('\n').ToString();
    }

    private static void Write(StringBuilder text, JsonItem item, int indent)
    {
        switch (item.Kind)
        {
            case JsonKind.Object:
                WriteList(text, '{', '}', item.Members, indent, member =>
                {
                    WriteString(text, member.Name);
                    text.Append(": ");
                    Write(text, member.Value, indent + 1);
                });
                break;
            case JsonKind.Array:
                WriteList(text, '[', ']', item.Items, indent, element => Write(text, element, indent + 1));
                break;
            case JsonKind.String:
                WriteString(text, item.Text);
                break;
            case JsonKind.Number:
                text.Append(item.Text);
                break;
            default:
                text.Append(item.Description);
                break;
        }
    }

    private static void WriteList<T>(StringBuilder text, char open, char close, IReadOnlyList<T> elements, int indent, Action<T> write)
    {
        text.Append(open);
        for (var i = 0; i < elements.Count; i++)
        {
            text.Append(i == 0 ? "\n" : ",\n").Append(' ', 4 * (indent + 1));
            write(elements[i]);
        }

        if (elements.Count > 0) text.Append('\n').Append(' ', 4 * indent);
        text.Append(close);
    }

    // Like Python: non-ASCII characters are escaped, which is correct for surrogate halves too.
    private static void WriteString(StringBuilder text, string characters)
    {
        text.Append('"');
        foreach (var letter in characters)
        {
            if (letter is '"' or '\\') text.Append('\\').Append(letter);
            else if (letter is >= ' ' and <= '~') text.Append(letter);
            else text.Append("\\u").Append(((int)letter).ToString("x4", CultureInfo.InvariantCulture));
        }

        text.Append('"');
    }
}
