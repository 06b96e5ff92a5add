namespace KernelGen.Compiler.Tuning;

/// <summary>A place in a file.</summary>
/// <param name="Path">The file, as whoever read it named it; empty for what comes from none.</param>
/// <param name="Line">Line, from 1 on.</param>
/// <param name="Column">Character of the line, from 1 on.</param>
public readonly record struct TextPlace(string Path, int Line, int Column)
{
    /// <summary>The place of what no file holds.</summary>
    public static TextPlace None { get; } = StartOf("");

    /// <summary>The first character of a file.</summary>
    public static TextPlace StartOf(string path) => new(path, 1, 1);

    /// <summary>The place as compilers write it.</summary>
    public override string ToString() => FormattableString.Invariant($"{Path}({Line},{Column})");
}
