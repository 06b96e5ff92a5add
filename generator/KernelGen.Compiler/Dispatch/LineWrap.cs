using System.Text;

namespace KernelGen.Compiler.Dispatch;

/// <summary>Breaks lines of emitted C# that are too long to read: code behind a comma, never inside a string; comments between arguments or words.</summary>
internal static class LineWrap
{
    /// <summary>The longest line, in characters.</summary>
    public const int Limit = 160;

    /// <summary>The text with every long line broken, as far as it has a place for that.</summary>
    public static string Apply(string text)
    {
        var wrapped = new StringBuilder(text.Length);
        foreach (var line in text.TrimEnd('\n').Split('\n')) AppendLine(wrapped, line);
        return wrapped.ToString();
    }

    private static void AppendLine(StringBuilder wrapped, string line)
    {
        var indentation = line.Length - line.TrimStart(' ').Length;
        var comment = CommentMark(line, indentation);
        var start = new string(' ', indentation) + (comment.Length > 0 ? comment + " " : "    ");
        while (line.Length > Limit && LastBreak(line, start.Length, isComment: comment.Length > 0) is var end and > 0)
        {
            wrapped.Append(line, 0, end).Append('\n');
            line = start + line.Substring(end + 1);
        }

        wrapped.Append(line).Append('\n');
    }

    private static string CommentMark(string line, int indentation) =>
        string.CompareOrdinal(line, indentation, "///", 0, 3) == 0 ? "///"
        : string.CompareOrdinal(line, indentation, "//", 0, 2) == 0 ? "//   "
        : "";

    /// <summary>The last space within the limit at which a line may end; 0 if there is none.</summary>
    private static int LastBreak(string line, int start, bool isComment)
    {
        var (behindComma, behindArgument, anywhere, inString) = (0, 0, 0, false);
        for (var i = 0; i <= Limit && i < line.Length - 1; i++)
        {
            if (i > 0 && line[i] == '"' && line[i - 1] != '\\') inString = !inString;
            if (line[i] != ' ' || i <= start) continue;
            if (line[i - 1] == ',' && !inString) behindComma = i;
            if (line[i - 1] == ',' && char.IsUpper(line[i + 1])) behindArgument = i; // of a declaration
            if (line.LastIndexOf('<', i) <= line.LastIndexOf('>', i)) anywhere = i; // not inside <param name="x">
        }

        return !isComment ? behindComma : behindArgument > 0 ? behindArgument : anywhere;
    }
}
