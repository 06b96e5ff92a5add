using System.CommandLine;

namespace KernelGen.Tool;

/// <summary>The command line, quoted so that it can be typed again.</summary>
internal static class CommandText
{
    public static string Of(ParseResult parsed) =>
        string.Join(" ", parsed.Tokens.Select(token => token.Value.Contains(' ') ? $"\"{token.Value}\"" : token.Value).Prepend("kernelgen"));
}
