using System.Collections.Concurrent;
using System.Collections.Immutable;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;
using KernelGen.Generator.Declarations;
using KernelGen.Generator.Diagnostics;
using KernelGen.Generator.Tuning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace KernelGen.Generator;

/// <summary>Reports problems of tuning files: malformed content, and content that does not match the declared experts.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class TuningFileAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => TuningRules.All;

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            var inputs = start.Options.AdditionalFiles.Where(TuningTexts.Is).Select(text => TuningTexts.Read(text, start.CancellationToken)).ToArray();
            if (inputs.Length == 0) return;
            var declared = new ConcurrentBag<FusedMoeSpec>();
            start.RegisterSymbolAction(symbol => Collect((INamedTypeSymbol)symbol.Symbol, declared), SymbolKind.NamedType);
            start.RegisterCompilationEndAction(end =>
            {
                foreach (var problem in Problems(inputs, declared).Distinct()) end.ReportDiagnostic(ToDiagnostic(problem));
            });
        });
    }

    private static void Collect(INamedTypeSymbol type, ConcurrentBag<FusedMoeSpec> declared)
    {
        foreach (var spec in Declaration.ReadAll(type).SelectMany(declaration => declaration.Specs).OfType<FusedMoeSpec>()) declared.Add(spec);
    }

    private static IEnumerable<TuningProblem> Problems(IReadOnlyList<TuningInput> inputs, IReadOnlyCollection<FusedMoeSpec> declared)
    {
        var files = new TuningSet(inputs);
        var problems = new List<TuningProblem>(inputs.Select(input => input.Error).OfType<TuningProblem>());
        foreach (var spec in declared.GroupBy(spec => spec.DispatchKey).Select(same => same.First()))
        {
            files.ForCpu(spec, problems);
            files.ForDevices(spec, problems);
        }

        return problems.Concat(files.Unused(declared));
    }

    private static Diagnostic ToDiagnostic(TuningProblem problem)
    {
        var place = new LinePosition(problem.Place.Line - 1, problem.Place.Column - 1);
        var location = Location.Create(problem.Place.Path, default, new LinePositionSpan(place, place));
        return Diagnostic.Create(TuningRules.All.Single(rule => rule.Id == problem.Id), location, problem.Message);
    }
}
