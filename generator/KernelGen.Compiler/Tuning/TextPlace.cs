namespace KernelGen.Compiler.Tuning;

/// <summary>A position in a file.</summary>
/// <param name="Path">The file, as named by its reader; empty if there is no file.</param>
/// <param name="Line">Line, starting at 1.</param>
/// <param name="Column">Column, starting at 1.</param>
public readonly record struct TextPlace(string Path, int Line, int Column)
{
    /// <summary>The position of something that is not in a file.</summary>
    public static TextPlace None { get; } = StartOf("");

    /// <summary>The first character of a file.</summary>
    public static TextPlace StartOf(string path) => new(path, 1, 1);

    /// <summary>The position in compilers' format.</summary>
    public override string ToString() => FormattableString.Invariant($"{Path}({Line},{Column})");
}
