using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Generator.Benchmarks;

/// <summary>A project that declares fifty variants of published models' shapes, among files that declare nothing.</summary>
internal sealed class DeclaringProject
{
    /// <summary>Number of declared variants.</summary>
    public const int Variants = 50;

    private const int GateClasses = 8;
    private const int GatesPerClass = 5;
    private const int ExpertClasses = 10;
    private const int OtherFiles = 50;

    private readonly SyntaxTree _edited;

    public DeclaringProject()
    {
        var sources = Enumerable.Range(0, OtherFiles).Select(OtherFile)
            .Append(string.Concat(Enumerable.Range(0, GateClasses).Select(GateClass)))
            .Append(string.Concat(Enumerable.Range(0, ExpertClasses).Select(ExpertClass)));
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        Compilation = CSharpCompilation.Create(
            "Declaring",
            sources.Select((source, number) => CSharpSyntaxTree.ParseText(source, ParseOptions, $"File{number}.cs")),
            platform.Where(IsReferenced).Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        _edited = Compilation.SyntaxTrees[0];
    }

    public static CSharpParseOptions ParseOptions { get; } = new(LanguageVersion.CSharp12);

    public CSharpCompilation Compilation { get; }

    /// <summary>Creates a generator that has not run yet.</summary>
    public static GeneratorDriver NewDriver() => CSharpGeneratorDriver.Create([new KernelGenerator().AsSourceGenerator()], parseOptions: ParseOptions);

    /// <summary>The project after an edit in a file that declares nothing.</summary>
    public CSharpCompilation WithUnrelatedEdit(int number) =>
        Compilation.ReplaceSyntaxTree(_edited, CSharpSyntaxTree.ParseText(OtherFile(-1 - number), ParseOptions, _edited.FilePath));

    /// <summary>Requires that every variant was generated.</summary>
    public static void Check(GeneratorDriverRunResult result)
    {
        var entries = result.Results.Single().GeneratedSources.Count(source => source.HintName.Contains(".Vector256."));
        if (result.Results[0].Exception is { } exception) throw new InvalidOperationException("the generator failed", exception);
        if (entries != Variants) throw new InvalidOperationException($"{entries} variants were generated; expected {Variants}");
    }

    private static bool IsReferenced(string path)
    {
        var name = Path.GetFileName(path);
        return name.StartsWith("System.", StringComparison.Ordinal) || name is "netstandard.dll" or "mscorlib.dll"
            || name is "KernelGen.Runtime.dll" or "KernelGen.Abstractions.dll" or "Microsoft.Extensions.Logging.Abstractions.dll";
    }

    private static string GateClass(int number)
    {
        var text = new StringBuilder();
        for (var i = 0; i < GatesPerClass; i++)
        {
            var (experts, topK, more) = ((number * GatesPerClass) + i) switch
            {
                var n when n % 4 == 0 => (8 + n, 2, ""),
                var n when n % 4 == 1 => (64 + n, 6, ""),
                var n when n % 4 == 2 => (128 + n, 8, ", Scoring = KernelGen.GateScoring.Sigmoid, CorrectionBias = true"),
                var n => (256 + (8 * n), 8, ", Scoring = KernelGen.GateScoring.Sigmoid, CorrectionBias = true, Groups = 8, TopKGroups = 4"),
            };
            text.AppendLine($"[KernelGen.MoeGate(Experts = {experts}, TopK = {topK}{more})]");
        }

        return text.AppendLine($"public static partial class Gates{number};").ToString();
    }

    private static string ExpertClass(int number) =>
        $"[KernelGen.FusedMoe(Experts = 128, TopK = 8, HiddenSize = {2048 + (64 * number)}, IntermediateSize = 768{(number % 2 == 0 ? "" : ", WeightType = KernelGen.DType.BFloat16, SplitK = new[] { 4 }")})]\npublic static partial class Experts{number};\n";

    private static string OtherFile(int number)
    {
        var methods = Enumerable.Range(0, 20).Select(method => $"    public static int Method{method}(int x) => x * {number} + {method};\n");
        return $"namespace Others{Math.Abs(number)};\n\npublic static class Other\n{{\n{string.Concat(methods)}}}\n";
    }
}
