using System.Collections.Immutable;
using KernelGen.Generator.Declarations;
using KernelGen.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace KernelGen.Generator;

/// <summary>Reports invalid declarations of kernels.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class DeclarationAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => Rules.All;

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(static symbol => Analyze(symbol, (INamedTypeSymbol)symbol.Symbol), SymbolKind.NamedType);
    }

    private static void Analyze(SymbolAnalysisContext context, INamedTypeSymbol type)
    {
        foreach (var finding in SpecializedTemplateReader.Findings(type, context.CancellationToken)) context.ReportDiagnostic(finding.ToDiagnostic());
        if (!KernelAttributes.Of(type).Any()) return;
        foreach (var finding in CompilationRules.Check(context.Compilation))
            context.ReportDiagnostic(finding.ToDiagnostic(type.Locations[0]));
        foreach (var finding in ClassRules.Check(type, context.CancellationToken))
            context.ReportDiagnostic(finding.ToDiagnostic());
        foreach (var declaration in Declaration.ReadAll(type))
        {
            foreach (var problem in declaration.Problems)
            {
                var place = Place(declaration.Attribute, problem.Argument, context.CancellationToken);
                context.ReportDiagnostic(Diagnostic.Create(Rules.OfProblem(problem.Id), place, problem.Message));
            }
        }
    }

    // Location of the invalid argument, or of the attribute if the argument is missing.
    private static Location Place(AttributeData attribute, string argument, CancellationToken cancellation)
    {
        if (attribute.ApplicationSyntaxReference?.GetSyntax(cancellation) is not AttributeSyntax syntax) return Location.None;
        var wrong = syntax.ArgumentList?.Arguments.FirstOrDefault(given => given.NameEquals?.Name.Identifier.ValueText == argument);
        return (wrong ?? (SyntaxNode)syntax).GetLocation();
    }
}
