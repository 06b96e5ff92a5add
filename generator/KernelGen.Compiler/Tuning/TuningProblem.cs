namespace KernelGen.Compiler.Tuning;

/// <summary>Something to say about a tuning file that was given to a build.</summary>
/// <param name="Id">Diagnostic id; <c>docs/diagnostics</c> has a page for each.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Place">Where in which file.</param>
public sealed record TuningProblem(string Id, string Message, TextPlace Place)
{
    /// <summary>The file's name or content has not the form of a tuning file.</summary>
    public const string Unreadable = "KG2001";

    /// <summary>The file is for experts that nobody declares.</summary>
    public const string ForNobody = "KG2002";

    /// <summary>The file names numbers that no kernel has.</summary>
    public const string Impossible = "KG2003";

    /// <summary>The file has no effect beside, or without, another one.</summary>
    public const string WithoutEffect = "KG2004";

    /// <summary>There is no kernel that the file could tune.</summary>
    public const string NoKernel = "KG2005";

    /// <summary>A kernel comes near to what the file names, but does not have it.</summary>
    public const string Nearest = "KG2006";
}
