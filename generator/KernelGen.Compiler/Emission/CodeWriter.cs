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
        return new Block(this);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>An open brace.</summary>
    public readonly struct Block(CodeWriter writer) : IDisposable
    {
        /// <summary>Writes the closing brace.</summary>
        public void Dispose()
        {
            writer._level--;
            writer.Line("}");
        }
    }
}
