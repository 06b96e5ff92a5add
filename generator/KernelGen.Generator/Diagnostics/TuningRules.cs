using System.Collections.Immutable;
using KernelGen.Compiler.Tuning;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Diagnostics;

/// <summary>All diagnostics about tuning files. <c>docs/diagnostics/{id}.md</c> documents each.</summary>
internal static class TuningRules
{
    public static readonly DiagnosticDescriptor Unreadable = Rules.Create(TuningProblem.Unreadable, "A tuning file cannot be read", DiagnosticSeverity.Error, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor ForNobody = Rules.Create(TuningProblem.ForNobody, "A tuning file matches no declared experts", DiagnosticSeverity.Warning, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor Impossible = Rules.Create(TuningProblem.Impossible, "A tuning file names sizes that no kernel has", DiagnosticSeverity.Error, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor WithoutEffect = Rules.Create(TuningProblem.WithoutEffect, "A tuning file has no effect", DiagnosticSeverity.Warning, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor NoKernel = Rules.Create(TuningProblem.NoKernel, "A tuning file is for a device without tunable kernels", DiagnosticSeverity.Info, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor Nearest = Rules.Create(TuningProblem.Nearest, "The nearest kernel differs from a tuning file", DiagnosticSeverity.Info, WellKnownDiagnosticTags.CompilationEnd);

    /// <summary>All rules.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } = ImmutableArray.Create(Unreadable, ForNobody, Impossible, WithoutEffect, NoKernel, Nearest);
}
