using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace KernelGen.Compiler.Specialization;

/// <summary>A parsed file: its tree, and its text for what stands between two tokens.</summary>
internal sealed class TemplateFile
{
    private readonly SourceText _lines;

    public TemplateFile(string path, SyntaxTree tree)
    {
        Path = path;
        _lines = tree.GetText();
        Text = _lines.ToString();
        Root = (CompilationUnitSyntax)tree.GetRoot();
    }

    public string Path { get; }

    public string Text { get; }

    public CompilationUnitSyntax Root { get; }

    /// <summary>Path, line and column (both from 1) of a position.</summary>
    public (string Path, int Line, int Column) LocationOf(int position)
    {
        var at = _lines.Lines.GetLinePosition(Math.Min(position, Text.Length));
        return (Path, at.Line + 1, at.Character + 1);
    }

    /// <summary>Width of the white space that the line of a position begins with.</summary>
    public int IndentationOf(int position)
    {
        var start = position;
        while (start > 0 && Text[start - 1] != '\n') start--;
        var width = 0;
        for (; start < Text.Length && Text[start] is ' ' or '\t'; start++)
            width += Text[start] == '\t' ? 4 : 1;
        return width;
    }

    public void CollectIdentifiers(HashSet<string> identifiers)
    {
        foreach (var token in Root.DescendantTokens())
            if (token.IsKind(SyntaxKind.IdentifierToken)) identifiers.Add(token.ValueText);
    }
}
