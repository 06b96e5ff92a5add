using System.Collections.Immutable;
using KernelGen.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace KernelGen.Tests;

/// <summary>A user's project in memory: sources compiled as strictly as a careful user would, with the generator and the analyzer.</summary>
internal sealed class Consumer
{
    private static readonly string[] ReferencedLibraries =
        ["KernelGen.Runtime", "KernelGen.Abstractions", "System.Numerics.Tensors", "Microsoft.Extensions.Logging.Abstractions"];

    private static readonly string[] IlgpuLibraries = ["KernelGen.Ilgpu", "ILGPU"];

    private static readonly ImmutableArray<MetadataReference> References = FindReferences();

    private readonly CSharpParseOptions _parseOptions;

    private Consumer(CSharpCompilation compilation, CSharpParseOptions parseOptions)
    {
        Compilation = compilation;
        _parseOptions = parseOptions;
    }

    /// <summary>The user's own sources, nothing generated.</summary>
    public CSharpCompilation Compilation { get; init; }

    /// <summary>What the project file lists as <c>AdditionalFiles</c>.</summary>
    public ImmutableArray<AdditionalText> Files { get; private init; } = [];

    /// <summary>One file for each source, each beginning with the usings that a declaring file has.</summary>
    public static Consumer Of(params string[] sources) => Of(new Settings(), sources);

    public static Consumer Of(Settings settings, params string[] sources)
    {
        var parseOptions = new CSharpParseOptions(settings.Language, DocumentationMode.Diagnose);
        var options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            allowUnsafe: settings.AllowUnsafe,
            nullableContextOptions: NullableContextOptions.Enable,
            warningLevel: 9999,
            checkOverflow: true,
            optimizationLevel: OptimizationLevel.Release);
        var references = settings.ReferenceRuntime ? References : References.RemoveAll(reference => IsOf(reference, "KernelGen.Runtime"));
        if (!settings.ReferenceIlgpu) references = references.RemoveAll(reference => IlgpuLibraries.Any(library => IsOf(reference, library)));
        var trees = sources.Select((source, number) => CSharpSyntaxTree.ParseText(source, parseOptions, $"File{number}.cs"));
        return new Consumer(CSharpCompilation.Create("Consumer", trees, references, options), parseOptions);
    }

    /// <summary>The same project after an edit of one file.</summary>
    public Consumer WithEdit(int file, Func<string, string> edit)
    {
        var tree = Compilation.SyntaxTrees[file];
        var text = tree.GetText().ToString();
        var edited = edit(text);
        Assert.NotEqual(text, edited);
        var newTree = CSharpSyntaxTree.ParseText(edited, _parseOptions, tree.FilePath);
        return new Consumer(Compilation.ReplaceSyntaxTree(tree, newTree), _parseOptions) { Files = Files };
    }

    /// <summary>The same project with additional files, given by name and content.</summary>
    public Consumer WithFiles(params (string Path, string Content)[] files) =>
        new(Compilation, _parseOptions) { Files = [.. Files, .. files.Select(file => new MemoryText(file.Path, file.Content))] };

    /// <summary>A driver of the generator that has not run.</summary>
    public GeneratorDriver NewDriver() => CSharpGeneratorDriver.Create(
        [new KernelGenerator().AsSourceGenerator()],
        additionalTexts: Files,
        parseOptions: _parseOptions,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>Runs the generator; it must not fail.</summary>
    public GeneratedProject Generate()
    {
        var driver = NewDriver().RunGeneratorsAndUpdateCompilation(Compilation, out var generated, out var diagnostics);
        Assert.Empty(diagnostics);
        return new GeneratedProject((CSharpCompilation)generated, driver.GetRunResult());
    }

    /// <summary>What the analyzer says about the user's own sources; the analyzer must not fail.</summary>
    public async Task<ImmutableArray<Diagnostic>> Analyze()
    {
        var failures = new List<Exception>();
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions(Files), (failure, _, _) => failures.Add(failure), concurrentAnalysis: false, logAnalyzerExecutionTime: false);
        var diagnostics = await Compilation
            .WithAnalyzers([new DeclarationAnalyzer(), new TuningFileAnalyzer()], options)
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        Assert.Empty(failures);
        return diagnostics;
    }

    private static ImmutableArray<MetadataReference> FindReferences()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        return
        [
            .. platform
                .Where(path => Path.GetDirectoryName(path) == framework || ReferencedLibraries.Concat(IlgpuLibraries).Contains(Path.GetFileNameWithoutExtension(path)))
                .Select(path => MetadataReference.CreateFromFile(path)),
        ];
    }

    private static bool IsOf(MetadataReference reference, string library) => Path.GetFileNameWithoutExtension(reference.Display!) == library;

    private sealed class MemoryText(string path, string content) : AdditionalText
    {
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(content);
    }

    /// <summary>What a project file would say.</summary>
    internal sealed record Settings(
        bool AllowUnsafe = true,
        LanguageVersion Language = LanguageVersion.CSharp12,
        bool ReferenceRuntime = true,
        bool ReferenceIlgpu = false);
}
