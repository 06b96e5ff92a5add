using System.Text;
using Microsoft.CodeAnalysis;

namespace KernelGen.Compiler.Specialization;

/// <summary>The state of specialising one method, or one initialiser, of a template.</summary>
internal sealed class Body
{
    public Body(Session session, TemplateFile file, HashSet<string>? mutated = null)
    {
        Session = session;
        File = file;
        Mutated = mutated ?? [];
        Names = new NameScope(null, session.Template);
        Expressions = new ExpressionSpecializer(this);
        Statements = new StatementSpecializer(this);
    }

    public Session Session { get; }

    public TemplateFile File { get; }

    public Bindings Bindings { get; } = new();

    /// <summary>The block being written.</summary>
    public NameScope Names { get; set; }

    /// <summary>Locals that are assigned after their declaration somewhere in the method.</summary>
    public HashSet<string> Mutated { get; }

    /// <summary>The enclosing <c>checked</c> or <c>unchecked</c>; null without one.</summary>
    public bool? IsChecked { get; set; }

    /// <summary>In the second and further copies of an unrolled body comments are not repeated.</summary>
    public bool OmitsComments { get; set; }

    public ExpressionSpecializer Expressions { get; }

    public StatementSpecializer Statements { get; }

    public void Report(string id, string message, SyntaxNode at) => Session.Report(id, message, File, at.SpanStart);

    /// <summary>
    /// What the template has between two tokens: nothing, a space, or a line break with the template's indentation and comments.
    /// </summary>
    public string Gap(int start, int end)
    {
        if (end <= start) return "";
        if (end == start + 1 && File.Text[start] == ' ') return " ";
        var gap = File.Text.Substring(start, end - start);
        var hasComment = gap.IndexOf('/') >= 0;
        if (!hasComment && gap.IndexOf('\n') < 0) return " ";
        if ((hasComment && OmitsComments) || gap.IndexOf('#') >= 0) gap = Comments.Strip(gap);
        gap = gap.Replace("\t", "    ");
        // No blank lines inside a statement.
        while (gap.Contains("\n\n")) gap = gap.Replace("\n\n", "\n");
        return gap;
    }

    /// <summary>Makes the further lines of a text relative to the indentation of the line where the template has it.</summary>
    public string Relative(string text, int position)
    {
        if (text.IndexOf('\n') < 0) return text;
        var column = File.IndentationOf(position);
        var result = new StringBuilder(text.Length);
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var spaces = 0;
            while (i > 0 && spaces < column && spaces < lines[i].Length && lines[i][spaces] == ' ') spaces++;
            if (i > 0) result.Append('\n');
            result.Append(lines[i], spaces, lines[i].Length - spaces);
        }

        return result.ToString();
    }
}
