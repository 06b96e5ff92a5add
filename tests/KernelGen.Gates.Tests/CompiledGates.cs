using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using System.Text.RegularExpressions;
using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Tests;

/// <summary>Gate kernels for many specs and vector widths, compiled together in process.</summary>
internal sealed class CompiledGates
{
    private readonly Assembly _assembly;

    public CompiledGates(IEnumerable<MoeGateSpec> specs, IReadOnlyList<int> widths)
    {
        var trees = specs.SelectMany(spec => widths.Select(bits => CSharpSyntaxTree.ParseText(Text(spec, bits), new CSharpParseOptions(LanguageVersion.CSharp12))));
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable);
        using var image = new MemoryStream();
        var result = CSharpCompilation.Create("Gates", trees, references, options).Emit(image);
        Assert.True(result.Success, string.Join(Environment.NewLine, result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(20)));
        image.Position = 0;
        _assembly = new AssemblyLoadContext(null, isCollectible: false).LoadFromStream(image);
    }

    public GateKernel Kernel(MoeGateSpec spec, int vectorBits)
    {
        var method = _assembly.GetType(ClassName(spec, vectorBits), throwOnError: true)!.GetMethod("Run", BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!;
        return new GateKernel(method.MethodHandle.GetFunctionPointer());
    }

    private static string ClassName(MoeGateSpec spec, int vectorBits) => $"{spec.VariantName}_{vectorBits}";

    // STAND-IN until the specialiser lands
    private static string Text(MoeGateSpec spec, int bits)
    {
        var lanes = bits / 32;
        object Call(string name, params object[] args) => typeof(MoeGateTemplate).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!.Invoke(null, args)!;
        var values = new Dictionary<string, object>
        {
            ["Experts"] = spec.Experts, ["TopK"] = spec.TopK, ["Scoring"] = "GateScoring." + spec.Scoring, ["CorrectionBias"] = spec.CorrectionBias ? "true" : "false",
            ["Groups"] = spec.Groups, ["TopKGroups"] = spec.TopKGroups, ["Renormalize"] = spec.Renormalize ? "true" : "false", ["Lanes"] = lanes,
            ["BlockExperts"] = Call("BlockExperts", spec, lanes), ["TileTokens"] = spec.Experts <= 1024 ? 4 : 1, ["TokenPerLane"] = (bool)Call("TokenPerLane", spec) ? "true" : "false",
        };
        var text = new StringBuilder();
        var usings = new HashSet<string>();
        foreach (var file in MoeGateTemplate.Files)
        {
            using var stream = typeof(MoeGateTemplate).Assembly.GetManifestResourceStream("Cpu/" + file)!;
            var body = new StreamReader(stream).ReadToEnd();
            foreach (Match m in Regex.Matches(body, @"^using .*;", RegexOptions.Multiline)) usings.Add(m.Value);
            body = Regex.Replace(body, @"^(using|namespace) .*;", "", RegexOptions.Multiline);
            body = Regex.Replace(body, @"(\[Specialize\] private const [\w]+ (\w+) = )[^;]+;", m => m.Groups[1].Value + values[m.Groups[2].Value] + ";");
            text.Append(body.Replace("class MoeGate", "class " + ClassName(spec, bits)).Replace("Vector256", "Vector" + bits));
        }
        return "using System;\nusing KernelGen;\n" + string.Join("\n", usings) + "\n" + text;
    }
}
