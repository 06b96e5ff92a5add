namespace KernelGen.Compiler.Tuning;

/// <summary>Thrown if a tuning file cannot be used; states the problem and its position.</summary>
public sealed class TuningFileException : FormatException
{
    /// <summary>Creates an exception for one problem.</summary>
    public TuningFileException(string message, TextPlace place)
        : base(message) => Place = place;

    /// <summary>The file and the position in it.</summary>
    public TextPlace Place { get; }

    /// <summary>Formats a name or value from a file for a message: quoted, truncated, without control characters.</summary>
    internal static string Quote(string text)
    {
        const int Longest = 40;
        var shown = text.Length <= Longest ? text : text.Substring(0, Longest) + "…";
        return $"'{new string(shown.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter).ToArray())}'";
    }
}
