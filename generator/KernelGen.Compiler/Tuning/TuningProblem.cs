namespace KernelGen.Compiler.Tuning;

/// <summary>A problem with a tuning file given to a build.</summary>
/// <param name="Id">Diagnostic id, with a page in <c>docs/diagnostics</c>.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Place">File and position.</param>
public sealed record TuningProblem(string Id, string Message, TextPlace Place)
{
    /// <summary>The file's name or content is malformed.</summary>
    public const string Unreadable = "KG2001";

    /// <summary>The file matches no declared experts.</summary>
    public const string ForNobody = "KG2002";

    /// <summary>No kernel has the file's sizes.</summary>
    public const string Impossible = "KG2003";

    /// <summary>The file has no effect because of another file, or without one.</summary>
    public const string WithoutEffect = "KG2004";

    /// <summary>No kernel can be tuned by the file.</summary>
    public const string NoKernel = "KG2005";

    /// <summary>The nearest kernel differs from what the file names.</summary>
    public const string Nearest = "KG2006";
}
