using System.Text.RegularExpressions;

namespace KernelGen.Ilgpu;

/// <summary>
/// Moves scalars from local memory to registers. ILGPU puts the result of inline assembly into a local variable, which
/// would cost a store and a load per instruction.
/// </summary>
internal static partial class PtxLocals
{
    /// <summary>Returns the same PTX with a register for each local variable whose address is used only to load and store its single value.</summary>
    public static string ToRegisters(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var cells = Cells(lines);
        foreach (var line in lines)
        {
            var isAccess = Access().Match(line) is { Success: true } access && cells.ContainsKey(access.Groups["address"].Value);
            foreach (Match register in Register().Matches(line))
            {
                // If the address is used in any other way, it may escape.
                if (!isAccess && cells.TryGetValue(register.Value, out var cell) && line != cell.AddressLine) cells.Remove(register.Value);
            }
        }

        var byDeclaration = cells.Values.ToDictionary(cell => cell.DeclarationLine);
        var byAddress = cells.Values.Select(cell => cell.AddressLine).ToHashSet();
        return string.Join('\n', lines.Where(line => !byAddress.Contains(line)).Select(line =>
            byDeclaration.TryGetValue(line, out var declared) ? $"\t.reg .b{declared.Bits}\t{declared.Name};"
            : Access().Match(line) is { Success: true } access && cells.TryGetValue(access.Groups["address"].Value, out var used) ? Move(access, used)
            : line));
    }

    private static Dictionary<string, Cell> Cells(string[] lines)
    {
        var declarations = lines.Select(line => Declaration().Match(line)).Where(match => match.Success).ToDictionary(match => match.Groups["name"].Value);
        var cells = new Dictionary<string, Cell>();
        foreach (var line in lines)
        {
            if (Address().Match(line) is not { Success: true } address || !declarations.TryGetValue(address.Groups["name"].Value, out var declaration)) continue;
            var bits = 8 * int.Parse(declaration.Groups["bytes"].Value, System.Globalization.CultureInfo.InvariantCulture);
            if (bits is 32 or 64) cells.TryAdd(address.Groups["register"].Value, new Cell($"%{address.Groups["name"].Value}", bits, declaration.Value, line));
        }

        return cells;
    }

    private static string Move(Match access, Cell cell)
    {
        var type = access.Groups["type"].Value;
        return access.Groups["value"].Success ? $"\tmov.{type}\t{cell.Name}, {access.Groups["value"].Value};" : $"\tmov.{type}\t{access.Groups["target"].Value}, {cell.Name};";
    }

    [GeneratedRegex(@"^\s*\.local \.align \d+ \.b8 (?<name>__local_depot\d+)\[(?<bytes>\d+)\];$")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^\s*mov\.b64\s+(?<register>%rd\d+), (?<name>__local_depot\d+);$")]
    private static partial Regex Address();

    [GeneratedRegex(@"^\s*(st\.local\.(?<type>[bf](32|64))\s+\[(?<address>%rd\d+)\], (?<value>[^;\[\]{}]+)|ld\.local\.(?<type>[bf](32|64))\s+(?<target>%\w+), \[(?<address>%rd\d+)\]);$")]
    private static partial Regex Access();

    [GeneratedRegex(@"%rd\d+")]
    private static partial Regex Register();

    private sealed record Cell(string Name, int Bits, string DeclarationLine, string AddressLine);
}
