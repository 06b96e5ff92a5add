using System.Text;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes indented C#: four spaces per level, line feeds, no trailing white space.</summary>
public sealed class CodeWriter
{
    private readonly StringBuilder _text = new();
    private int _level;

    /// <summary>Writes one line, or each line of a multi-line text, at the current level.</summary>
    public CodeWriter Line(string text = "")
    {
        for (var start = 0; ;)
        {
            var next = text.IndexOf('\n', start);
            var end = next < 0 ? text.Length : next;
            while (end > start && char.IsWhiteSpace(text[end - 1])) end--;
            if (end > start) _text.Append(' ', _level * 4).Append(text, start, end - start);
            _text.Append('\n');
            if (next < 0) return this;
            start = next + 1;
        }
    }

    /// <summary>Writes a header line and an opening brace; disposing the result closes the block.</summary>
    public Level OpenBlock(string header)
    {
        Line(header);
        return OpenBlock();
    }

    /// <summary>Writes an opening brace; disposing the result closes the block.</summary>
    public Level OpenBlock() => OpenBlockTo("}");

    /// <summary>Writes an opening brace; disposing the result writes <paramref name="end"/>.</summary>
    public Level OpenBlockTo(string end)
    {
        Line("{");
        return new Level(this, end);
    }

    /// <summary>Writes a header line; lines are indented one more level until the result is disposed.</summary>
    public Level Indent(string header)
    {
        Line(header);
        return Indent();
    }

    /// <summary>Indents lines one more level until the result is disposed.</summary>
    public Level Indent() => new(this, end: null);

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>A level of indentation.</summary>
    public readonly struct Level : IDisposable
    {
        private readonly CodeWriter _writer;
        private readonly string? _end;

        internal Level(CodeWriter writer, string? end)
        {
            _writer = writer;
            _end = end;
            writer._level++;
        }

        /// <summary>Returns to the previous level.</summary>
        public void Dispose()
        {
            _writer._level--;
            if (_end is not null) _writer.Line(_end);
        }
    }
}
