using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Emission;

/// <summary>The files of one variant for ILGPU's devices: the kernels, and what launches them.</summary>
internal static class IlgpuVariantFiles
{
    public static IReadOnlyList<EmittedSource> Emit(ClassPlace place, IKernelSpec spec)
    {
        if (spec.Family.Ilgpu(spec) is not { } recipe) return [];
        var start = $"{place.HintName}.{spec.Family.IlgpuVariantName(spec)}";
        var ofNamespace = GeneratedNames.VariantNamespace(place.FullName);
        var files = new List<EmittedSource>
        {
            new($"{start}.g.cs", EntryFile(ofNamespace, spec, recipe)),
            new($"{start}.Kernel.g.cs", KernelFile(ofNamespace, spec, recipe)),
        };
        if (recipe.PtxTexts.Count > 0) files.Add(new($"{start}.Ptx.g.cs", PtxFile(ofNamespace, spec, recipe)));
        return files;
    }

    private static string EntryFile(string ofNamespace, IKernelSpec spec, IlgpuRecipe recipe)
    {
        var name = spec.Family.IlgpuVariantName(spec);
        var writer = VariantFiles.Header(spec, "The kernels for ILGPU's devices and what launches them.");
        writer.Line().Line($"namespace {ofNamespace};").Line();
        writer.Line(GeneratedNames.GeneratedCodeAttribute);
        using (writer.OpenBlock($"internal static partial class {name}"))
        {
            var declaration = SymbolDisplay.FormatLiteral(spec.Declaration, quote: true);
            writer.Line("/// <summary>This variant, for logs and metrics.</summary>");
            writer.Line($"public static readonly global::KernelGen.KernelVariant Variant = new(\"{name}\", {declaration});").Line();
            writer.Line("/// <summary>Its kernels. They are loaded at their first use on an accelerator.</summary>");
            writer.Line($"public static readonly {recipe.KernelsType} Kernels = new(Variant, {recipe.KernelsArguments}){recipe.KernelsInitializer};");
        }

        return writer.ToString();
    }

    private static string KernelFile(string ofNamespace, IKernelSpec spec, IlgpuRecipe recipe)
    {
        var result = VariantFiles.Specialize(spec.Family.IlgpuVariantName(spec), recipe.TemplateFiles, recipe.Request, IlgpuRecipe.Folder);
        var writer = VariantFiles.Header(spec, "The kernels for ILGPU's devices.");
        VariantFiles.WriteSpecialized(writer, ofNamespace, $"internal static partial class {spec.Family.IlgpuVariantName(spec)}", result);
        return writer.ToString();
    }

    private static string PtxFile(string ofNamespace, IKernelSpec spec, IlgpuRecipe recipe)
    {
        var writer = VariantFiles.Header(spec, "The tensor-core kernels for CUDA devices, as PTX.");
        writer.Line().Line($"namespace {ofNamespace};").Line();
        using (writer.OpenBlock($"internal static partial class {spec.Family.IlgpuVariantName(spec)}"))
        {
            writer.Line(GeneratedNames.GeneratedCodeAttribute);
            using (writer.OpenBlock($"private static class {IlgpuRecipe.PtxClassName}"))
            {
                foreach (var text in recipe.PtxTexts)
                {
                    if (text.Key != recipe.PtxTexts.First().Key) writer.Line();
                    // Bytes lie in the assembly's data; all its strings together may have no more than 16 MiB.
                    writer.Line($"public static global::System.ReadOnlySpan<byte> {text.Key}() => \"\"\"\n{text.Value.TrimEnd()}\n\"\"\"u8;");
                }
            }
        }

        return writer.ToString();
    }
}
