using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Diagnostics;

/// <summary>A diagnostic to be reported: rule, location and message.</summary>
internal sealed record Finding(DiagnosticDescriptor Rule, Location Location, string Message)
{
    /// <summary>Creates the diagnostic, at another location if one is given.</summary>
    public Diagnostic ToDiagnostic(Location? location = null) => Diagnostic.Create(Rule, location ?? Location, Message);
}
