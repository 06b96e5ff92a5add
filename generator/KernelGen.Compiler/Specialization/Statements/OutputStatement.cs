using KernelGen.Compiler.Emission;

namespace KernelGen.Compiler.Specialization;

/// <summary>A statement of the specialised code, before it is written.</summary>
internal sealed class OutputStatement(string text)
{
    /// <summary>The whole statement, or what stands before its body. Further lines are indented relative to the first.</summary>
    public string Text { get; set; } = text;

    /// <summary>Comment lines above it.</summary>
    public List<string>? Comments { get; set; }

    /// <summary>A comment at the end of its (first) line.</summary>
    public string? TrailingComment { get; set; }

    public bool BlankBefore { get; set; }

    /// <summary>The statements of its body; null for a statement without one.</summary>
    public List<OutputStatement>? Body { get; init; }

    /// <summary>How the body is written.</summary>
    public BodyForm Form { get; init; } = BodyForm.Braces;

    /// <summary>What belongs to the same statement and follows the body: <c>else</c>, <c>catch</c>, the <c>while</c> of a <c>do</c>.</summary>
    public OutputStatement? Next { get; set; }

    /// <summary>The declaration of this element, written if something needs it.</summary>
    public StaticElement? Element { get; init; }

    /// <summary>Declares something, or carries a label: not allowed as an embedded statement.</summary>
    public bool NeedsBlock { get; init; }

    private bool IsLeft => Element is null or { NeedsDeclaration: true };

    /// <summary>Writes statements, with blank lines only between them.</summary>
    public static void Write(IEnumerable<OutputStatement> statements, CodeWriter writer)
    {
        var isFirst = true;
        var blank = false;
        List<string>? comments = null;
        foreach (var statement in statements)
        {
            blank |= statement.BlankBefore;
            if (!statement.IsLeft)
            {
                // The array's comment goes to the assignment that declares its first element.
                if (statement is { Element.IsDeclaredByAssignment: true, Comments: { } lines }) comments = lines;
                continue;
            }

            if (blank && !isFirst) writer.Line();
            isFirst = blank = false;
            foreach (var comment in comments ?? []) writer.Line(comment);
            comments = null;
            statement.Write(writer);
        }
    }

    private void Write(CodeWriter writer)
    {
        foreach (var comment in Comments ?? []) writer.Line(comment);
        var text = TrailingComment is null ? Text : WithTrailingComment();
        if (Body is null)
        {
            if (text.Length > 0) writer.Line(text);
        }
        else if (Form == BodyForm.SameLine)
        {
            writer.Line(text + " " + Body[0].Text);
        }
        else if (Form == BodyForm.Stacked)
        {
            writer.Line(text);
            Write(Body, writer);
        }
        else
        {
            if (text.Length > 0) writer.Line(text);
            using (Form == BodyForm.Braces ? writer.OpenBlock() : writer.Indent())
                Write(Body, writer);
        }

        Next?.Write(writer);
    }

    private string WithTrailingComment()
    {
        var end = Text.IndexOf('\n');
        return end < 0 ? Text + " " + TrailingComment : Text.Substring(0, end) + " " + TrailingComment + Text.Substring(end);
    }
}

/// <summary>How the body of a statement is written.</summary>
internal enum BodyForm
{
    /// <summary>A block.</summary>
    Braces,

    /// <summary>Indented lines without braces: one embedded statement, or a section of a switch.</summary>
    Indented,

    /// <summary>One embedded statement on the line of its header.</summary>
    SameLine,

    /// <summary>Below its header without indentation: <c>fixed</c> above <c>fixed</c>.</summary>
    Stacked,
}
