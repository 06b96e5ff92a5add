using System.Collections.Immutable;
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
/// Writes the kernels that attributes declare. The <see cref="DeclarationAnalyzer"/> reports mistakes; what is wrong is left out here.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class KernelGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var hasIlgpu = context.CompilationProvider.Select(static (compilation, _) => IlgpuReferences.AreIn(compilation));
        var files = context.AdditionalTextsProvider.Where(TuningTexts.Is).Select(TuningTexts.Read).WithTrackingName(TrackingNames.TuningFiles)
            .Collect().Select(static (inputs, _) => new TuningSet(inputs));
        var declared = KernelFamilies.All.Select(family => Declared(context, family)).ToArray();
        var clashes = declared
            .Select(classes => classes.Select(static (found, _) => found.Place).Collect())
            .Aggregate(static (some, more) => some.Combine(more).Select(static (pair, _) => pair.Left.AddRange(pair.Right)))
            .Select(static (places, _) => FileNames.Clashes(places));
        foreach (var classes in declared) RegisterOutput(context, classes, clashes, files, hasIlgpu);
        RegisterTemplates(context);
    }

    private static IncrementalValuesProvider<DeclaredClass> Declared(IncrementalGeneratorInitializationContext context, KernelFamily family) =>
        context.SyntaxProvider.ForAttributeWithMetadataName(
                family.AttributeType,
                static (node, _) => node is TypeDeclarationSyntax,
                (attributed, cancellation) => DeclaredClassReader.Read(attributed, family, cancellation))
            .Where(static declared => declared is not null)
            .Select(static (declared, _) => declared!)
            .WithTrackingName(TrackingNames.Declarations);

    private static void RegisterOutput(
        IncrementalGeneratorInitializationContext context,
        IncrementalValuesProvider<DeclaredClass> declared,
        IncrementalValueProvider<EquatableArray<string>> clashes,
        IncrementalValueProvider<TuningSet> files,
        IncrementalValueProvider<bool> hasIlgpu)
    {
        var classes = declared.Combine(clashes)
            .Select(static (pair, _) => pair.Left with { Place = FileNames.Named(pair.Left.Place, pair.Right) })
            .Combine(files)
            .Select(static (pair, _) => pair.Left.Family.Tune(pair.Left, pair.Right))
            .WithTrackingName(TrackingNames.Classes);
        context.RegisterSourceOutput(classes, static (output, found) => Add(output, KernelEmitter.EmitDispatcher(found)));

        // A variant is apart from its class, so that a new attribute specialises nothing but itself.
        var variants = classes
            .SelectMany(static (found, _) => found.Variants.Select(spec => new DeclaredVariant(found.Place, spec)))
            .WithTrackingName(TrackingNames.Variants);
        context.RegisterImplementationSourceOutput(variants, static (output, variant) => AddVariant(output, variant, KernelEmitter.EmitVariant));

        context.RegisterSourceOutput(With(hasIlgpu, classes), static (output, found) =>
        {
            foreach (var source in KernelEmitter.EmitIlgpuDispatcher(found)) Add(output, source);
        });
        var ilgpuVariants = With(hasIlgpu, classes)
            .SelectMany(static (found, _) => found.DeviceVariants.Select(spec => new DeclaredVariant(found.Place, spec)));
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
            .Select(static (pair, _) => pair.Left with { Class = FileNames.Named(pair.Left.Class, pair.Right) })
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
    private static void AddVariant(SourceProductionContext output, DeclaredVariant variant, Func<ClassPlace, IKernelSpec, IReadOnlyList<EmittedSource>> emit)
    {
        try
        {
            foreach (var source in emit(variant.Place, variant.Spec)) Add(output, source);
        }
        catch (InvalidOperationException defect)
        {
            output.ReportDiagnostic(Diagnostic.Create(Rules.NoKernel, Location.None, defect.Message));
        }
    }

    private static void Add(SourceProductionContext output, EmittedSource source) =>
        output.AddSource(source.HintName, SourceText.From(source.Text, Encoding.UTF8));

    private sealed record DeclaredVariant(ClassPlace Place, IKernelSpec Spec);
}
