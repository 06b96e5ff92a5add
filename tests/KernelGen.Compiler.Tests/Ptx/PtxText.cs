using System.Text.RegularExpressions;

namespace KernelGen.Tests;

/// <summary>What a kernel's text declares and uses.</summary>
internal static partial class PtxText
{
    /// <summary>Every declared register, as often as it is declared.</summary>
    public static string[] Declared(string text) => [.. Declaration().Matches(text).SelectMany(match => match.Groups["names"].Value.Split(", "))];

    /// <summary>Every register that stands anywhere, once.</summary>
    public static IEnumerable<string> Registers(string text) => Register().Matches(text).Select(match => match.Value).Distinct();

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
