using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;

namespace KernelGen.Tests;

/// <summary>
/// Runs the PTX of grouped GEMMs without a GPU: groups of threads one after the other, their warps in turns up to each barrier, the lanes of a warp
/// that stand at the same instruction together. Knows what those kernels use (<see cref="PtxLanes"/>); copies that run ahead arrive as late as they may.
/// </summary>
internal sealed partial class PtxMachine
{
    private const ulong GlobalBase = 1 << 20;

    private readonly List<PtxInstruction> _program = [];
    private readonly Dictionary<string, int> _registers = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly string[] _parameters;
    private readonly int _threads;
    private readonly List<byte> _memory = [];

    public PtxMachine(string text)
    {
        _parameters = [.. Parameter().Matches(text).Select(match => match.Groups["name"].Value)];
        _threads = int.Parse(Threads().Match(text).Groups["threads"].Value, CultureInfo.InvariantCulture);
        foreach (var name in PtxText.Declared(text)) _registers.Add(name, _registers.Count);
        var body = text[(text.IndexOf("\n{\n", StringComparison.Ordinal) + 3)..text.LastIndexOf('}')];
        foreach (var line in body.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal) && !line.StartsWith(".reg", StringComparison.Ordinal)))
        {
            if (line.EndsWith(':')) _labels.Add(line[..^1], _program.Count);
            else _program.Add(PtxInstruction.Parse(line));
        }
    }

    /// <summary>Puts an array into the device's memory, at a multiple of 16 bytes.</summary>
    public ulong Allocate<T>(T[] values)
        where T : unmanaged
    {
        while (_memory.Count % 16 != 0) _memory.Add(0);
        var address = GlobalBase + (ulong)_memory.Count;
        _memory.AddRange(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        return address;
    }

    /// <summary>Reads an array back.</summary>
    public T[] Read<T>(ulong address, int length)
        where T : unmanaged =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_memory)[(int)(address - GlobalBase)..])[..length].ToArray();

    /// <summary>Launches a grid.</summary>
    public void Launch(int groups, int slices, int sharedBytes, params ulong[] arguments)
    {
        Assert.Equal(_parameters.Length, arguments.Length);
        for (var slice = 0; slice < slices; slice++)
        {
            for (var group = 0; group < groups; group++) RunGroup(group, groups, slice, new byte[sharedBytes], arguments);
        }
    }

    private void RunGroup(int group, int groups, int slice, byte[] shared, ulong[] arguments)
    {
        var memory = new PtxMemory(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_memory).ToArray(), GlobalBase, shared);
        var special = new Dictionary<string, ulong> { ["%ctaid.x"] = (ulong)group, ["%nctaid.x"] = (ulong)groups, ["%ctaid.y"] = (ulong)slice };
        var warps = Enumerable.Range(0, _threads / 32).Select(warp => new PtxLanes(_registers, special, warp, memory, _parameters.Zip(arguments).ToDictionary(pair => pair.First, pair => pair.Second))).ToArray();
        while (warps.Any(warp => !warp.HasLeft))
        {
            foreach (var warp in warps) RunToBarrier(warp);
        }

        memory.Global.CopyTo(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_memory));
    }

    private void RunToBarrier(PtxLanes warp)
    {
        while (warp.Next() is var next and >= 0 && next < _program.Count)
        {
            var instruction = _program[next];
            if (instruction.Operation == "bra") warp.Branch(instruction, _labels[instruction.Operands[0].Text]);
            else warp.Execute(instruction);
            if (instruction.Operation == "bar.sync") return;
        }
    }

    [GeneratedRegex(@"\.param (?:\.align \d+ )?\.\w+ (?<name>\w+)")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\.maxntid (?<threads>\d+)")]
    private static partial Regex Threads();
}

/// <summary>The memory that a group of threads sees.</summary>
internal sealed class PtxMemory(byte[] global, ulong globalBase, byte[] shared)
{
    public byte[] Global => global;

    public Span<byte> At(bool isShared, ulong address, int bytes)
    {
        Assert.True(address % (ulong)bytes == 0, $"{address} is no multiple of {bytes}");
        return isShared ? shared.AsSpan((int)address, bytes) : global.AsSpan((int)(address - globalBase), bytes);
    }

    public uint Word(bool isShared, ulong address) => BinaryPrimitives.ReadUInt32LittleEndian(At(isShared, address, 4));
}

/// <summary>An instruction, or a part of one.</summary>
internal sealed record PtxInstruction(string? Predicate, bool IsNegated, string Operation, PtxOperand[] Operands)
{
    public static PtxInstruction Parse(string line)
    {
        var (predicate, isNegated) = ((string?)null, false);
        if (line[0] == '@')
        {
            isNegated = line[1] == '!';
            var end = line.IndexOf(' ', StringComparison.Ordinal);
            predicate = line[(isNegated ? 2 : 1)..end];
            line = line[(end + 1)..];
        }

        line = line.TrimEnd(';');
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        return space < 0
            ? new(predicate, isNegated, line, [])
            : new(predicate, isNegated, line[..space], [.. Regex.Matches(line[space..], @"\{[^}]*\}|\[[^\]]*\]|[^,\s]+").Select(match => PtxOperand.Parse(match.Value))]);
    }
}

/// <summary>A register, a number, a vector of registers or an address.</summary>
internal sealed record PtxOperand(string Text, string[] Parts, ulong Number)
{
    public static PtxOperand Parse(string text)
    {
        if (text[0] == '{') return new(text, [.. text.Trim('{', '}').Split(',').Select(part => part.Trim())], 0);
        if (text[0] == '[')
        {
            var parts = text.Trim('[', ']').Split('+');
            return new(text, [parts[0]], parts.Length == 1 ? 0 : ulong.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        if (text[0] == '%' || char.IsLetter(text[0])) return new(text, [text], 0);
        if (text.StartsWith("0f", StringComparison.Ordinal)) return new(text, [], uint.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        if (text.StartsWith("0x", StringComparison.Ordinal)) return new(text, [], ulong.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return new(text, [], (ulong)long.Parse(text, CultureInfo.InvariantCulture));
    }
}
