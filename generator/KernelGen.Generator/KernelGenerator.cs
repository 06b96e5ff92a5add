using System.Text;
using KernelGen.Compiler;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Specialization;
using KernelGen.Compiler.Tuning;
using KernelGen.Generator.Declarations;
using KernelGen.Generator.Diagnostics;
using KernelGen.Generator.Tuning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace KernelGen.Generator;

/// <summary>
/// Writes the kernels that attributes declare. Mistakes are the <see cref="DeclarationAnalyzer"/>'s to report; what is
/// wrong is left out here.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class KernelGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var ofGates = Declared(context, KernelAttributes.MoeGate);
        var ofExperts = Declared(context, KernelAttributes.FusedMoe);
        var ofOmniRouters = Declared(context, KernelAttributes.OmniRouter);
        var ofOmniExperts = Declared(context, KernelAttributes.OmniExperts);
        var clashes = ofGates.Collect().Combine(ofExperts.Collect()).Combine(ofOmniRouters.Collect().Combine(ofOmniExperts.Collect()))
            .Select(static (all, _) => FileNames.Clashes([.. all.Left.Left, .. all.Left.Right, .. all.Right.Left, .. all.Right.Right]));
        var hasIlgpu = context.CompilationProvider.Select(static (compilation, _) => IlgpuReferences.AreIn(compilation));
        RegisterTemplates(context);
        var files = context.AdditionalTextsProvider.Where(TuningTexts.Is).Select(TuningTexts.Read).WithTrackingName(TrackingNames.TuningFiles)
            .Collect().Select(static (inputs, _) => new TuningSet(inputs));
        foreach (var declared in new[] { ofGates, ofExperts, ofOmniRouters, ofOmniExperts }) RegisterOutput(context, declared, clashes, files, hasIlgpu);
    }

    private static void RegisterOutput(
        IncrementalGeneratorInitializationContext context,
        IncrementalValuesProvider<DeclaredClass> declared,
        IncrementalValueProvider<EquatableArray<string>> clashes,
        IncrementalValueProvider<TuningSet> files,
        IncrementalValueProvider<bool> hasIlgpu)
    {
        var classes = declared.Combine(clashes)
            .Select(static (pair, _) => pair.Left with { HintName = FileNames.Of(pair.Left, pair.Right) })
            .Combine(files)
            .Select(static (pair, _) => TuningTexts.Tune(pair.Left, pair.Right))
            .WithTrackingName(TrackingNames.Classes);
        context.RegisterSourceOutput(classes, static (output, declared) => Add(output, KernelEmitter.EmitDispatcher(declared)));

        // A variant is apart from its class, so that a new attribute specialises nothing but itself.
        var variants = classes
            .SelectMany(static (declared, _) => declared.Variants.Select(spec => new DeclaredVariant(declared.FullName, declared.HintName, spec)))
            .WithTrackingName(TrackingNames.Variants);
        context.RegisterImplementationSourceOutput(variants, static (output, variant) => AddVariant(output, variant, KernelEmitter.EmitVariant));

        context.RegisterSourceOutput(With(hasIlgpu, classes), static (output, declared) =>
        {
            foreach (var source in KernelEmitter.EmitIlgpuDispatcher(declared)) Add(output, source);
        });
        var ilgpuVariants = With(hasIlgpu, classes)
            .SelectMany(static (declared, _) => declared.DeviceVariants.Select(spec => new DeclaredVariant(declared.FullName, declared.HintName, spec)));
        context.RegisterImplementationSourceOutput(ilgpuVariants, static (output, variant) => AddVariant(output, variant, KernelEmitter.EmitIlgpuVariant));
    }

    private static void RegisterTemplates(IncrementalGeneratorInitializationContext context)
    {
        var read = context.SyntaxProvider.ForAttributeWithMetadataName(
                SpecializedTemplateReader.Attribute,
                static (node, _) => node is TypeDeclarationSyntax,
                static (attributed, cancellation) => SpecializedTemplateReader.Read(attributed, cancellation))
            .Where(static template => template is not null)
            .Select(static (template, _) => template!);
        var clashes = read.Collect().Select(static (all, _) => FileNames.Clashes(all.Select(template => template.Class)));
        var templates = read.Combine(clashes)
            .Select(static (pair, _) => pair.Left with { Class = pair.Left.Class with { HintName = FileNames.Of(pair.Left.Class, pair.Right) } })
            .WithTrackingName(TrackingNames.Templates);
        context.RegisterSourceOutput(templates, static (output, template) =>
        {
            var (file, problems) = SpecializedTemplateFile.Emit(template);
            if (file is not null) Add(output, file);
            foreach (var problem in problems) output.ReportDiagnostic(Diagnostic.Create(Rules.TemplateProblem, PlaceOf(problem), $"{template.Class.Name}: {problem.Message} ({problem.Id})"));
        });
    }

    private static Location PlaceOf(TemplateProblem problem)
    {
        var position = new LinePosition(Math.Max(problem.Line - 1, 0), Math.Max(problem.Column - 1, 0));
        return problem.Path.Length == 0 ? Location.None : Location.Create(problem.Path, default, new LinePositionSpan(position, position));
    }

    private static IncrementalValuesProvider<T> With<T>(IncrementalValueProvider<bool> condition, IncrementalValuesProvider<T> values) =>
        values.Combine(condition).Where(static pair => pair.Right).Select(static (pair, _) => pair.Left);

    // A template that cannot be specialised is our defect; it must not take the project's other kernels along.
    private static void AddVariant(
        SourceProductionContext output, DeclaredVariant variant, Func<string, string, IKernelSpec, IReadOnlyList<EmittedSource>> emit)
    {
        try
        {
            foreach (var source in emit(variant.ClassFullName, variant.ClassHintName, variant.Spec)) Add(output, source);
        }
        catch (InvalidOperationException defect)
        {
            output.ReportDiagnostic(Diagnostic.Create(Rules.NoKernel, Location.None, defect.Message));
        }
    }

    private static IncrementalValuesProvider<DeclaredClass> Declared(IncrementalGeneratorInitializationContext context, string attribute) =>
        context.SyntaxProvider.ForAttributeWithMetadataName(
                attribute,
                static (node, _) => node is TypeDeclarationSyntax,
                static (attributed, cancellation) => DeclaredClassReader.Read(attributed, cancellation))
            .Where(static declared => declared is not null)
            .Select(static (declared, _) => declared!)
            .WithTrackingName(TrackingNames.Declarations);

    private static void Add(SourceProductionContext output, EmittedSource source) =>
        output.AddSource(source.HintName, SourceText.From(source.Text, Encoding.UTF8));

    private sealed record DeclaredVariant(string ClassFullName, string ClassHintName, IKernelSpec Spec);
}
