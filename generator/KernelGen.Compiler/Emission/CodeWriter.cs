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
    public Block OpenBlock(string header)
    {
        Line(header);
        return OpenBlock();
    }

    /// <summary>Writes an opening brace; disposing the result closes the block.</summary>
    public Block OpenBlock()
    {
        Line("{");
        _level++;
        return new Block(this, hasBrace: true);
    }

    /// <summary>Indents what follows, without a brace, until the result is disposed.</summary>
    public Block Indent()
    {
        _level++;
        return new Block(this, hasBrace: false);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>A deeper level.</summary>
    public readonly struct Block(CodeWriter writer, bool hasBrace) : IDisposable
    {
        /// <summary>Goes back to the level before, and writes the closing brace where one is open.</summary>
        public void Dispose()
        {
            writer._level--;
            if (hasBrace) writer.Line("}");
        }
    }
}
