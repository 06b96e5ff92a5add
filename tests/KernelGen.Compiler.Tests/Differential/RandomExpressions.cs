using KernelGen.Testing;

namespace KernelGen.Compiler.Tests;

/// <summary>Random well-typed C# expressions over given names, never a division by zero.</summary>
internal sealed class RandomExpressions(SeededRandom random)
{
    /// <summary>An <c>int</c>. Only with <paramref name="wraps"/> can it overflow when all its names are constants.</summary>
    public string Int(IReadOnlyList<string> names, int depth, bool wraps = true)
    {
        if (!wraps) return SmallInt(names, depth);
        if (depth == 0) return Leaf(names);
        var (l, r) = (Int(names, depth - 1), Int(names, depth - 1));
        return random.Int(0, 13) switch
        {
            0 => $"{l} + ({r})",
            1 => $"({l}) - ({r})",
            2 => $"({l}) * ({r})",
            3 => $"({l}) / (({r} & 7) + 1)",
            4 => $"({l}) % (({r} & 3) + 2)",
            5 => $"(({l}) << ({r}) | {Leaf(names)})",
            6 => $"(({l}) >> 2 ^ ({r}))",
            7 => $"-({l})",
            8 => $"(~({l}) & {r})",
            9 => $"(({l}) > ({r}) ? {Leaf(names)} : {l})",
            10 => $"Math.Max({l}, {r})",
            11 => $"(int)((uint)({l}) * 3u >> 1)",
            12 => $"(short)({l}) + (byte)({r})",
            _ => $"(({l}) & 3) switch {{ 0 => {Leaf(names)}, 1 or 2 => {Leaf(names)}, _ => {r} }}",
        };
    }

    /// <summary>An <c>int</c> that stays small for small names.</summary>
    public string SmallInt(IReadOnlyList<string> names, int depth)
    {
        if (depth == 0) return Leaf(names, "1", "2", "5");
        var (l, r) = (SmallInt(names, depth - 1), SmallInt(names, depth - 1));
        return random.Int(0, 6) switch
        {
            0 => $"(({l}) + ({r}))",
            1 => $"(({l}) - ({r}))",
            2 => $"(({l}) ^ ({r}))",
            3 => $"(({l}) * 2)",
            4 => $"(({l}) & ({r}))",
            5 => $"(({l}) < ({r}) ? {l} : {r})",
            _ => $"(({l}) + 0 * ({r}))",
        };
    }

    public string Float(IReadOnlyList<string> floats, IReadOnlyList<string> ints, int depth)
    {
        if (depth == 0) return random.Int(0, 4) == 0 ? random.Pick("0f", "-0f", "1.5f", "0.1f", "3e-2f") : Leaf(floats, "0.25f", "3f");
        var (l, r) = (Float(floats, ints, depth - 1), Float(floats, ints, depth - 1));
        return random.Int(0, 8) switch
        {
            0 => $"({l} + {r})",
            1 => $"({l} - ({r}))",
            2 => $"{l} * ({r})",
            3 => $"({l}) / (({r}) * ({r}) + 1f)",
            4 => $"-({l})",
            5 => $"({l} > {r} ? {l} : 1)",
            6 => $"({l} * {SmallInt(ints, 1)})",
            7 => $"({l} + 0)",
            _ => $"Math.Max({l}, 0.5f)",
        };
    }

    public string Bool(IReadOnlyList<string> bools, IReadOnlyList<string> ints, int depth)
    {
        if (depth == 0) return random.Bool() ? Leaf(bools, "true", "false") : $"({SmallInt(ints, 1)} {random.Pick("<", "<=", "==", "!=", ">")} {SmallInt(ints, 1)})";
        var (l, r) = (Bool(bools, ints, depth - 1), Bool(bools, ints, depth - 1));
        return random.Int(0, 5) switch
        {
            0 => $"{l} && ({r})",
            1 => $"({l} || {r})",
            2 => $"!({l})",
            3 => $"({l} == ({r}))",
            4 => $"({l} ? {r} : {l})",
            _ => $"({l} ^ ({r}))",
        };
    }

    private string Leaf(IReadOnlyList<string> names, params string[] literals)
    {
        if (literals.Length == 0) literals = ["1", "7", "1000003", "0x7FFF"];
        return random.Int(0, 3) == 0 ? random.Pick(literals) : names[random.Int(0, names.Count - 1)];
    }
}
