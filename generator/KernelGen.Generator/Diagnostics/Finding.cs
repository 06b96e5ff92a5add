using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Diagnostics;

/// <summary>A diagnostic to be: rule, place and message.</summary>
internal sealed record Finding(DiagnosticDescriptor Rule, Location Location, string Message)
{
    /// <summary>The diagnostic, at another place if one is given.</summary>
    public Diagnostic ToDiagnostic(Location? location = null) => Diagnostic.Create(Rule, location ?? Location, Message);
}
