using System.Text;

namespace KernelGen.Compiler.Ptx;

/// <summary>The text of one PTX entry: registers in front, instructions in the order they are written.</summary>
internal sealed class PtxWriter
{
    private readonly StringBuilder _registers = new();
    private readonly StringBuilder _body = new();
    private readonly HashSet<string> _declared = [];

    /// <summary>Declares registers of a type, such as <c>b32</c>; they are written as <c>%name</c>.</summary>
    public void Declare(string type, params string[] names)
    {
        foreach (var name in names)
        {
            if (!_declared.Add(name)) throw new InvalidOperationException($"register {name} is declared twice");
        }

        _registers.Append("    .reg .").Append(type).Append(" %").Append(string.Join(", %", names)).Append(";\n");
    }

    /// <summary>Writes instructions as they are, one or more lines; empty ones are left out.</summary>
    public void Code(string lines)
    {
        foreach (var line in lines.Split('\n').Where(line => line.Trim().Length > 0)) _body.Append("    ").Append(line.TrimEnd()).Append('\n');
    }

    /// <summary>Writes a comment on a line of its own.</summary>
    public void Comment(string text) => _body.Append("\n    // ").Append(text).Append('\n');

    /// <summary>Writes a label.</summary>
    public void Label(string name) => _body.Append(name).Append(":\n");

    /// <summary>Registers, then code.</summary>
    public override string ToString() => $"{_registers}{_body}";
}
