namespace KernelGen.Compiler.Tuning;

/// <summary>A tuning file that cannot be used: what is wrong and where.</summary>
public sealed class TuningFileException : FormatException
{
    /// <summary>States one problem.</summary>
    public TuningFileException(string message, TextPlace place)
        : base(message) => Place = place;

    /// <summary>Which file, and where in it.</summary>
    public TextPlace Place { get; }

    /// <summary>A name or value of a file as a message may show it: quoted, short, without control characters.</summary>
    internal static string Quote(string text)
    {
        const int Longest = 40;
        var shown = text.Length <= Longest ? text : text.Substring(0, Longest) + "…";
        return $"'{new string(shown.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter).ToArray())}'";
    }
}
