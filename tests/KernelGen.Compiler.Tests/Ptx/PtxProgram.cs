using System.Globalization;
using System.Text.RegularExpressions;

namespace KernelGen.Tests;

/// <summary>
/// A module's entry. Whatever an instruction reads or writes is a row of 32 values, one a lane: registers, numbers, special registers and parameters
/// alike (<see cref="Rows"/>).
/// </summary>
internal sealed partial class PtxProgram
{
    /// <summary>Lanes of a warp.</summary>
    public const int Lanes = 32;

    // What nobody has written is no sensible number, address or predicate.
    private const ulong Poison = 0x7FFF_7FFF;

    private readonly Dictionary<string, int> _labels = [];
    private readonly List<ulong> _initial = [];

    public PtxProgram(string text)
    {
        Parameters = [.. Parameter().Matches(text).Select(match => match.Groups["name"].Value)];
        Threads = int.Parse(MaxThreads().Match(text).Groups["threads"].Value, CultureInfo.InvariantCulture);
        Cluster = ClusterSize().Match(text) is { Success: true } match ? int.Parse(match.Groups["groups"].Value, CultureInfo.InvariantCulture) : 1;
        foreach (var name in PtxText.Declared(text)) AddRow(name, Poison);
        var body = text[(text.IndexOf("\n{\n", StringComparison.Ordinal) + 3)..text.LastIndexOf('}')];
        var lines = body.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal) && !line.StartsWith(".reg", StringComparison.Ordinal)).ToArray();
        var place = 0;
        foreach (var line in lines)
        {
            if (line.EndsWith(':')) _labels.Add(line[..^1], place);
            else place++;
        }

        Instructions = [.. lines.Where(line => !line.EndsWith(':')).Select(line => PtxInstruction.Parse(line, RowOf, label => _labels[label]))];
        HashSet<int> sums = [.. Instructions.Where(instruction => instruction.IsProduct).SelectMany(instruction => instruction.Operands[0].Rows)];
        foreach (var instruction in Instructions.Where(instruction => !instruction.IsProduct)) instruction.Sums = [.. instruction.Operands.SelectMany(operand => operand.Rows).Where(sums.Contains)];
    }

    public string[] Parameters { get; }

    /// <summary>Threads of a group.</summary>
    public int Threads { get; }

    /// <summary>Groups of a cluster.</summary>
    public int Cluster { get; }

    public PtxInstruction[] Instructions { get; }

    /// <summary>Where the 32 values of a name begin.</summary>
    public Dictionary<string, int> Rows { get; } = [];

    /// <summary>The values that a warp begins with.</summary>
    public ulong[] InitialValues() => [.. _initial.SelectMany(value => Enumerable.Repeat(value, Lanes))];

    private int RowOf(string name)
    {
        if (Rows.TryGetValue(name, out var row)) return row;
        var isNumber = char.IsDigit(name[0]) || name[0] == '-';
        Assert.True(isNumber || name == "_" || name == "stageMemory" || Parameters.Contains(name) || PtxGroup.Special.Contains(name), $"nobody declares {name}");
        return AddRow(name, isNumber ? Number(name) : Poison);
    }

    private int AddRow(string name, ulong value)
    {
        var row = _initial.Count * Lanes;
        Rows.Add(name, row);
        _initial.Add(value);
        return row;
    }

    private static ulong Number(string text) =>
        text.StartsWith("0f", StringComparison.Ordinal) ? uint.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : text.StartsWith("0x", StringComparison.Ordinal) ? ulong.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : (ulong)long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\.param (?:\.align \d+ )?\.\w+ (?<name>\w+)")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\.maxntid (?<threads>\d+)")]
    private static partial Regex MaxThreads();

    [GeneratedRegex(@"\.reqnctapercluster (?<groups>\d+)")]
    private static partial Regex ClusterSize();
}

/// <summary>An instruction: its text, when it is executed, and what it does.</summary>
internal sealed partial class PtxInstruction
{
    private PtxInstruction(string text) => Text = text;

    public string Text { get; }

    /// <summary>Row of the predicate; −1 without one.</summary>
    public int Predicate { get; private init; } = -1;

    public bool IsNegated { get; private init; }

    public string Operation { get; private init; } = "";

    public PtxOperand[] Operands { get; private init; } = [];

    /// <summary>Where a branch goes; −1 for every other instruction.</summary>
    public int Target { get; private init; } = -1;

    /// <summary>What it does to the lanes; false when these have to wait.</summary>
    public PtxStep Step { get; private init; } = (_, _) => true;

    public bool IsExit => Operation == "ret";

    /// <summary>Whether it writes sums while the warp goes on.</summary>
    public bool IsProduct => Operation.StartsWith("wgmma.mma_async", StringComparison.Ordinal);

    /// <summary>Whether all lanes of a warp execute it together.</summary>
    public bool IsCollective { get; private init; }

    /// <summary>The rows that it reads or writes and that <c>wgmma</c> writes.</summary>
    public int[] Sums { get; set; } = [];

    public static PtxInstruction Parse(string line, Func<string, int> rowOf, Func<string, int> placeOf)
    {
        var match = Form().Match(line);
        var (operation, predicate) = (match.Groups["operation"].Value, match.Groups["predicate"]);
        var isBranch = operation == "bra";
        PtxOperand[] operands = isBranch ? [] : [.. Operand().Matches(match.Groups["operands"].Value).Select(operand => PtxOperand.Parse(operand.Value, rowOf))];
        return new(line)
        {
            Predicate = predicate.Success ? rowOf(predicate.Value) : -1,
            IsNegated = match.Groups["not"].Success,
            Operation = operation,
            Operands = operands,
            Target = isBranch ? placeOf(match.Groups["operands"].Value.Trim()) : -1,
            IsCollective = Collective().IsMatch(operation),
            Step = isBranch || operation == "ret" ? (_, _) => true : PtxSteps.Of(operation, operands),
        };
    }

    [GeneratedRegex(@"^(@(?<not>!)?(?<predicate>\S+) )?(?<operation>[^\s;]+)(?<operands>[^;]*);$")]
    private static partial Regex Form();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|[^,\s]+")]
    private static partial Regex Operand();

    [GeneratedRegex(@"^(mma|ldmatrix|movmatrix|shfl|bar\.|barrier|wgmma|setmaxnreg|cp\.async\.(commit|wait))")]
    private static partial Regex Collective();
}

/// <summary>What an instruction does to some lanes of a warp; false when they have to wait, and nothing has happened yet.</summary>
internal delegate bool PtxStep(PtxWarp warp, uint lanes);

/// <summary>The rows of a register, of a number, of a vector of registers or of an address, and an address' offset.</summary>
internal sealed record PtxOperand(int[] Rows, ulong Offset)
{
    public int Row => Rows[0];

    public static PtxOperand Parse(string text, Func<string, int> rowOf)
    {
        var parts = text.Split(['[', ']', '{', '}', ',', ' '], StringSplitOptions.RemoveEmptyEntries);
        var first = parts[0].Split('+');
        return new([rowOf(first[0]), .. parts.Skip(1).Select(rowOf)], first.Length == 1 ? 0 : ulong.Parse(first[1], CultureInfo.InvariantCulture));
    }

    public ulong Address(PtxWarp warp, int lane) => warp.Values[Row + lane] + Offset;

    /// <summary>What all lanes have.</summary>
    public ulong Uniform(PtxWarp warp)
    {
        var values = warp.Values.AsSpan(Row, PtxProgram.Lanes);
        Assert.True(!values.ContainsAnyExcept(values[0]), "the lanes of a warp disagree");
        return values[0] + Offset;
    }
}
