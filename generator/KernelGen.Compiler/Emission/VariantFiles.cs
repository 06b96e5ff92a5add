using KernelGen.Compiler.Families;
using KernelGen.Compiler.Specialization;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Emission;

/// <summary>The files of one variant. They are parts of one class, named like the variant.</summary>
internal static class VariantFiles
{
    public static IReadOnlyList<EmittedSource> Emit(ClassPlace place, IKernelSpec spec, int? onlyVectorBits = null)
    {
        var widths = onlyVectorBits is { } bits ? [bits] : spec.Family.VectorWidths(spec);
        var start = $"{place.HintName}.{spec.VariantName}";
        var ofNamespace = GeneratedNames.VariantNamespace(place.FullName);
        var files = new List<EmittedSource> { new($"{start}.g.cs", EntryFile(ofNamespace, spec, widths)) };
        files.AddRange(widths.Select(width => new EmittedSource($"{start}.Vector{width}.g.cs", KernelFile(ofNamespace, spec, width))));
        return files;
    }

    private static string EntryFile(string ofNamespace, IKernelSpec spec, IReadOnlyList<int> widths)
    {
        var writer = Header(spec, "The kernel's entry: it chooses the vector width.");
        writer.Line().Line($"namespace {ofNamespace};").Line();
        writer.Line(GeneratedNames.GeneratedCodeAttribute);
        using (writer.OpenBlock($"internal static unsafe partial class {spec.VariantName}"))
        {
            var declaration = SymbolDisplay.FormatLiteral(spec.Declaration, quote: true);
            writer.Line("/// <summary>This variant, for logs and metrics.</summary>");
            writer.Line($"public static readonly global::KernelGen.KernelVariant Variant = new(\"{spec.VariantName}\", {declaration});");
            writer.Line();
            writer.Line("/// <summary>Runs the kernel in the widest vectors that the processor has.</summary>");
            var recipe = spec.Family.Cpu(spec, widths[0]);
            using (writer.OpenBlock($"public static void Run(in {recipe.ArgumentsType} call)")) WidthChoice(writer, widths, "Run");
            if (recipe.BackwardArgumentsType is not null)
            {
                writer.Line().Line("/// <summary>Runs the backward pass in the widest vectors that the processor has.</summary>");
                using (writer.OpenBlock($"public static void RunBackward(in {recipe.BackwardArgumentsType} call)")) WidthChoice(writer, widths, "RunBackward");
            }
        }

        return writer.ToString();
    }

    private static void WidthChoice(CodeWriter writer, IReadOnlyList<int> widths, string entry)
    {
        var otherwise = "";
        foreach (var bits in widths.Skip(1).Reverse())
        {
            var test = $"if (global::System.Runtime.Intrinsics.Vector{bits}.IsHardwareAccelerated)";
            writer.Line($"{otherwise}{test} {CpuRecipe.ClassName(bits)}.{entry}(in call);");
            otherwise = "else ";
        }

        writer.Line($"{otherwise}{CpuRecipe.ClassName(widths[0])}.{entry}(in call);");
    }

    private static string KernelFile(string ofNamespace, IKernelSpec spec, int bits)
    {
        var recipe = spec.Family.Cpu(spec, bits);
        var result = Specialize(spec.VariantName, recipe.TemplateFiles, recipe.Request);
        var writer = Header(spec, $"The kernel in vectors of {bits} bits.");
        WriteSpecialized(writer, ofNamespace, $"internal static unsafe partial class {spec.VariantName}", result);
        return writer.ToString();
    }

    /// <summary>Writes a specialised template as a member of a variant's class.</summary>
    public static void WriteSpecialized(CodeWriter writer, string ofNamespace, string header, SpecializationResult result)
    {
        writer.Line("#pragma warning disable CS0162, CS0164, CS0168, CS0219, CS0649 // what this configuration has no use for");
        writer.Line().Line($"namespace {ofNamespace};").Line();
        var usings = result.Usings.Select(Rooted).Append("using global::KernelGen;").Distinct();
        foreach (var directive in usings.OrderBy(line => line.TrimEnd(';'), StringComparer.Ordinal)) writer.Line(directive);
        writer.Line();
        using (writer.OpenBlock(header))
        {
            writer.Line(GeneratedNames.GeneratedCodeAttribute);
            writer.Line(result.Source.TrimEnd());
        }
    }

    /// <summary>Makes the kernels of a variant.</summary>
    /// <exception cref="InvalidOperationException">The template cannot be specialised, which is a defect of it.</exception>
    public static SpecializationResult Specialize(string variantName, IReadOnlyList<string> templateFiles, SpecializationRequest request, string folder = "Cpu")
    {
        var result = Specializer.Specialize(TemplateLibrary.Get(templateFiles, folder), request);
        if (result.Problems.Count == 0) return result;
        var problems = result.Problems.Select(problem => $"{problem.Path}({problem.Line},{problem.Column}): {problem.Id}: {problem.Message}");
        throw new InvalidOperationException($"no kernel can be made for {variantName}: {string.Join("; ", problems)}");
    }

    /// <summary>The lines that every file of a variant begins with.</summary>
    public static CodeWriter Header(IKernelSpec spec, string what) => new CodeWriter()
        .Line("// <auto-generated/>")
        .Line($"// {what} Made for")
        .Line($"//     {spec.Declaration}")
        .Line("#nullable enable");

    /// <summary><c>using System;</c> as <c>using global::System;</c>, so that no namespace of the user's can come between.</summary>
    internal static string Rooted(string directive)
    {
        var parsed = SyntaxFactory.ParseCompilationUnit(directive).Usings.Single();
        return parsed.NamespaceOrType is NameSyntax name ? directive.Insert(name.SpanStart, "global::") : directive;
    }
}
