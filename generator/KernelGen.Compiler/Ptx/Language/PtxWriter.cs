using System.Text;

namespace KernelGen.Compiler.Ptx;

/// <summary>The text of one PTX entry: registers in front, instructions in the order they are written.</summary>
internal sealed class PtxWriter
{
    private readonly StringBuilder _registers = new();
    private readonly StringBuilder _body = new();
    private readonly HashSet<string> _declared = [];

    /// <summary>Declares a register of 16 bits.</summary>
    public B16 B16(string name) => new(Declared("b16", name));

    /// <summary>Declares a register of 32 bits.</summary>
    public B32 B32(string name) => new(Declared("b32", name));

    /// <summary>Declares registers of 32 bits.</summary>
    public B32[] B32s(IEnumerable<string> names) => [.. names.Select(B32)];

    /// <summary>Declares registers of 32 bits: the name and numbers from 0 on.</summary>
    public B32[] B32s(string name, int count) => B32s(Numbered(name, count));

    /// <summary>Declares a register of 64 bits.</summary>
    public B64 B64(string name) => new(Declared("b64", name));

    /// <summary>Declares registers of 64 bits: the name and numbers from 0 on.</summary>
    public B64[] B64s(string name, int count) => [.. Numbered(name, count).Select(B64)];

    /// <summary>Declares a register in single precision.</summary>
    public F32 F32(string name) => new(Declared("f32", name));

    /// <summary>Declares registers in single precision.</summary>
    public F32[] F32s(IEnumerable<string> names) => [.. names.Select(F32)];

    /// <summary>Declares registers in single precision: the name and numbers from 0 on.</summary>
    public F32[] F32s(string name, int count) => F32s(Numbered(name, count));

    /// <summary>Declares a predicate.</summary>
    public Pred Pred(string name) => new(Declared("pred", name));

    /// <summary>Declares predicates: the name and numbers from 0 on.</summary>
    public Pred[] Preds(string name, int count) => [.. Numbered(name, count).Select(Pred)];

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

    /// <summary>Writes a loop: its body, and the jump back while the condition holds that the body has computed.</summary>
    public void Loop(string label, Condition again, Action body)
    {
        Label(label);
        body();
        Code($"@{again} bra {label};");
    }

    /// <summary>Writes what happens only under a condition.</summary>
    public void If(Condition condition, string end, Action body)
    {
        Code($"@{!condition} bra {end};");
        body();
        Label(end);
    }

    /// <summary>Loads the global address that a parameter has.</summary>
    public void LoadAddress(B64 to, ExpertGemmParameter parameter) => Code($"""
        ld.param.u64 {to}, [{parameter.Text()}];
        cvta.to.global.u64 {to}, {to};
        """);

    /// <summary>Registers, then code.</summary>
    public override string ToString() => $"{_registers}{_body}";

    private static IEnumerable<string> Numbered(string name, int count) => Enumerable.Range(0, count).Select(i => $"{name}{i}");

    private string Declared(string type, string name)
    {
        Declare(type, name);
        return name;
    }
}
