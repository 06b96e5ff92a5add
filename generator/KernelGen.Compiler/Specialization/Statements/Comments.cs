using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Specialization;

/// <summary>Comments and blank lines around statements and members.</summary>
internal static class Comments
{
    /// <summary>The comment lines before a token, without indentation, and whether a blank line stands before them.</summary>
    public static (List<string>? Lines, bool BlankBefore) Before(SyntaxToken token, TemplateFile file)
    {
        if (!token.HasLeadingTrivia) return (null, false);
        List<string>? lines = null;
        var blank = false;
        var isLineStart = true;
        foreach (var trivia in token.LeadingTrivia)
        {
            switch (trivia.Kind())
            {
                case SyntaxKind.EndOfLineTrivia:
                    blank |= isLineStart && lines is null;
                    isLineStart = true;
                    break;
                case SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
                    or SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia:
                    (lines ??= []).Add(Unindent(trivia.ToString(), file.IndentationOf(trivia.SpanStart)));
                    isLineStart = false;
                    break;
                case SyntaxKind.WhitespaceTrivia:
                    break;
                default:
                    isLineStart = false;
                    break;
            }
        }

        return (lines, blank);
    }

    /// <summary>The comment between a token and the end of its line.</summary>
    public static string? After(SyntaxToken token)
    {
        if (!token.HasTrailingTrivia) return null;
        foreach (var trivia in token.TrailingTrivia)
            if (trivia.Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia) return trivia.ToString();
        return null;
    }

    /// <summary>White space between two tokens without its comments and directives: a space or one line break with its indentation.</summary>
    public static string Strip(string gap)
    {
        var end = gap.LastIndexOf('\n');
        return end < 0 ? " " : "\n" + new string(' ', gap.Length - end - 1);
    }

    private static string Unindent(string text, int column)
    {
        if (text.IndexOf('\n') < 0) return text.TrimEnd();
        var lines = text.TrimEnd().Split('\n');
        for (var i = 1; i < lines.Length; i++)
        {
            var spaces = 0;
            while (spaces < column && spaces < lines[i].Length && lines[i][spaces] is ' ' or '\t') spaces++;
            lines[i] = lines[i].Substring(spaces);
        }

        return string.Join("\n", lines);
    }
}
