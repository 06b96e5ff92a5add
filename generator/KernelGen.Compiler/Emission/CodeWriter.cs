using System.Text;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes indented C#: four spaces a level, line feeds, no trailing white space.</summary>
public sealed class CodeWriter
{
    private readonly StringBuilder _text = new();
    private int _level;

    /// <summary>Writes one line, or each line of a multi-line text, at the current level.</summary>
    public CodeWriter Line(string text = "")
    {
        foreach (var line in text.Split('\n'))
        {
            var trimmed = line.TrimEnd();
            if (trimmed.Length > 0) _text.Append(' ', _level * 4).Append(trimmed);
            _text.Append('\n');
        }

        return this;
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

    /// <summary>Writes a header line; lines stand one level deeper until the result is disposed.</summary>
    public Level Indent(string header)
    {
        Line(header);
        return Indent();
    }

    /// <summary>Lines stand one level deeper until the result is disposed.</summary>
    public Level Indent() => new(this, end: null);

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>Lines that stand one level deeper.</summary>
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

        /// <summary>Goes back to the level before.</summary>
        public void Dispose()
        {
            _writer._level--;
            if (_end is not null) _writer.Line(_end);
        }
    }
}
