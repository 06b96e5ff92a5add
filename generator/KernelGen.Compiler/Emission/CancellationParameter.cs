namespace KernelGen.Compiler.Emission;

/// <summary>The last parameter of every entry point.</summary>
internal static class CancellationParameter
{
    /// <summary>Its declaration.</summary>
    public const string Declaration = "global::System.Threading.CancellationToken cancellation = default";

    /// <summary>Its documentation.</summary>
    public const string Documentation = "/// <param name=\"cancellation\">Ends the call early; what it writes is undefined then.</param>";

    /// <summary>The documentation of what comes of it.</summary>
    public const string ExceptionDocumentation =
        "/// <exception cref=\"global::System.OperationCanceledException\"><paramref name=\"cancellation\"/> was cancelled.</exception>";
}
