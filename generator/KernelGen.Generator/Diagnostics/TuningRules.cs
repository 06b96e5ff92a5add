using System.Collections.Immutable;
using KernelGen.Compiler.Tuning;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Diagnostics;

/// <summary>Every diagnostic about tuning files. The page of each is <c>docs/diagnostics/{id}.md</c>.</summary>
internal static class TuningRules
{
    public static readonly DiagnosticDescriptor Unreadable = Rules.Create(TuningProblem.Unreadable, "A tuning file cannot be read", DiagnosticSeverity.Error, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor ForNobody = Rules.Create(TuningProblem.ForNobody, "A tuning file is for experts that nobody declares", DiagnosticSeverity.Warning, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor Impossible = Rules.Create(TuningProblem.Impossible, "A tuning file names numbers that no kernel has", DiagnosticSeverity.Error, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor WithoutEffect = Rules.Create(TuningProblem.WithoutEffect, "A tuning file has no effect", DiagnosticSeverity.Warning, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor NoKernel = Rules.Create(TuningProblem.NoKernel, "A tuning file is for a device without kernels that could be tuned", DiagnosticSeverity.Info, WellKnownDiagnosticTags.CompilationEnd);
    public static readonly DiagnosticDescriptor Nearest = Rules.Create(TuningProblem.Nearest, "A kernel comes near to what a tuning file names", DiagnosticSeverity.Info, WellKnownDiagnosticTags.CompilationEnd);

    /// <summary>Every rule.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } = ImmutableArray.Create(Unreadable, ForNobody, Impossible, WithoutEffect, NoKernel, Nearest);
}
