using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace KernelGen.Tool;

/// <summary>Creates options that are validated while parsing, with messages that name the option, its value and what was expected.</summary>
internal static class Parse
{
    /// <summary>A file or a directory.</summary>
    public static Option<string?> Path(string name, string description, string shown, bool required = false) => new(name)
    {
        Description = description,
        HelpName = shown,
        Required = required,
        CustomParser = result => Value(result, "a file name", text => text.Length == 0 || text.Contains('\0') ? null : text),
    };

    /// <summary>Any integer; the kernel's own rules decide which values are valid.</summary>
    public static Option<int?> Integer(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Value<int?>(result, "a whole number", text =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null),
    };

    /// <summary>A finite number that is not negative.</summary>
    public static Option<double> Tolerance(string name, string description, double absent) => new(name)
    {
        Description = description,
        HelpName = "X",
        DefaultValueFactory = _ => absent,
        CustomParser = result => Value<double?>(result, "a finite number that is not negative", text =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && number >= 0 ? number : null) ?? 0,
    };

    /// <summary>One of a few words.</summary>
    public static Option<T?> Choice<T>(string name, string description, params (string Word, T Value)[] choices)
        where T : struct => new(name)
    {
        Description = description,
        HelpName = string.Join("|", choices.Select(choice => choice.Word)),
        CustomParser = result => Value<T?>(result, string.Join(" or ", choices.Select(choice => choice.Word)), text =>
            choices.Where(choice => choice.Word == text).Select(choice => (T?)choice.Value).FirstOrDefault()),
    };

    /// <summary>Token counts, separated by commas.</summary>
    public static Option<int[]> Tokens(string description, params int[] absent) => new("--tokens")
    {
        Description = description,
        HelpName = "N,N",
        DefaultValueFactory = _ => absent,
        CustomParser = result => Value(result, $"whole numbers from 1 to {MaxTokens}, separated by commas", text =>
        {
            var counts = text.Split(',', StringSplitOptions.TrimEntries)
                .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MaxTokens ? count : 0)
                .ToArray();
            return counts.Contains(0) ? null : counts.Distinct().ToArray();
        }),
    };

    /// <summary>Token counts as separate arguments.</summary>
    public static Option<int[]> TokenList(string name, string description, int[] absent) => new(name)
    {
        Description = description,
        HelpName = "N",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => absent,
        CustomParser = result =>
        {
            var counts = result.Tokens
                .Select(token => int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MaxTokens ? count : 0).ToArray();
            if (Array.IndexOf(counts, 0) is >= 0 and var wrong) result.AddError($"{name} is '{result.Tokens[wrong].Value}'; expected whole numbers from 1 to {MaxTokens}");
            return [.. counts.Distinct().Order()];
        },
    };

    /// <summary>The device.</summary>
    public static Option<DeviceName> Device() => new("--device")
    {
        Description = "The device; default cpu.",
        HelpName = DeviceWords,
        DefaultValueFactory = _ => DeviceName.Cpu,
        CustomParser = result => Value(result, DeviceName.Expected, DeviceName.Parse) ?? default,
    };

    /// <summary>One device, or several to compare.</summary>
    public static Option<DeviceName[]> Devices() => new("--device")
    {
        Description = "The devices, separated by commas; default cpu.",
        HelpName = $"{DeviceWords},…",
        DefaultValueFactory = _ => [DeviceName.Cpu],
        CustomParser = result => Value(result, $"{DeviceName.Expected}, separated by commas", text =>
        {
            var names = text.Split(',', StringSplitOptions.TrimEntries).Select(DeviceName.Parse).ToArray();
            return names.Contains(null) ? null : names.Select(name => name!.Value).Distinct().ToArray();
        }),
    };

    private const string DeviceWords = "cpu|ilgpu-cpu|cuda:N|opencl:N";

    private const int MaxTokens = 1 << 20;

    private static T? Value<T>(ArgumentResult result, string expected, Func<string, T?> parse)
    {
        var text = result.Tokens.Single().Value;
        var value = parse(text);
        if (value is null) result.AddError($"{((OptionResult)result.Parent!).IdentifierToken?.Value} is '{text}'; expected {expected}");
        return value;
    }
}
