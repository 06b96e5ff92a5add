using System.Text.RegularExpressions;

namespace KernelGen.Tests;

/// <summary>What a kernel's text declares and uses.</summary>
internal static partial class PtxText
{
    /// <summary>Every declared register, as often as it is declared.</summary>
    public static string[] Declared(string text) => [.. Declaration().Matches(text).SelectMany(match => match.Groups["names"].Value.Split(", "))];

    /// <summary>Every register that stands anywhere, once.</summary>
    public static IEnumerable<string> Registers(string text) => Register().Matches(text).Select(match => match.Value).Distinct();

    /// <summary>Requires that every register is declared once and used, and every label set once and branched to.</summary>
    /// <param name="text">The module.</param>
    /// <param name="special">Registers that nobody declares.</param>
    public static void AssertDeclaredAndUsed(string text, params string[] special)
    {
        var declared = Declared(text);
        Assert.Equal(declared.Distinct(), declared);
        Assert.Equal(declared.Order(), Registers(text).Except(special).Order());
        AssertLabels(text);
    }

    /// <summary>Requires that every label stands once, and that some branch goes to it.</summary>
    public static void AssertLabels(string text)
    {
        var labels = Label().Matches(text).Select(match => match.Groups["name"].Value).ToArray();
        Assert.Equal(labels.Distinct(), labels);
        Assert.Equal(labels.Order(), Branch().Matches(text).Select(match => match.Groups["name"].Value).Distinct().Order());
    }

    [GeneratedRegex(@"\.reg \.\w+ (?<names>%[^;]+);")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"%[A-Za-z_]\w*")]
    private static partial Regex Register();

    [GeneratedRegex(@"^(?<name>[A-Z]\w*):", RegexOptions.Multiline)]
    private static partial Regex Label();

    [GeneratedRegex(@"\bbra (?<name>\w+);")]
    private static partial Regex Branch();
}
