using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes how the declared variants of one family are told apart, where a few whole numbers do that.</summary>
/// <param name="className">Full name of the class that declares them.</param>
/// <param name="attribute">The family's attribute, for example <c>OmniRouter</c>.</param>
/// <param name="shape">The numbers, named as the attribute and the call name them.</param>
/// <param name="variants">The variants with their numbers.</param>
internal sealed class ShapeDispatch(string className, string attribute, IReadOnlyList<string> shape, IReadOnlyList<(IKernelSpec Spec, int[] Numbers)> variants)
{
    private string Missing => $"NoSuch{attribute}";

    private string Parameters => string.Join(", ", shape.Select(Parameter));

    private string TypedParameters => string.Join(", ", shape.Select(name => $"int {Parameter(name)}"));

    private string OfCall => string.Join(", ", shape.Select(name => $"call.{name}"));

    /// <summary>The body of an entry point: it checks the arguments, chooses and runs.</summary>
    /// <param name="writer">Receives it.</param>
    /// <param name="call">The expression that makes the call from the arguments.</param>
    /// <param name="entry">The variants' method.</param>
    public void WriteBody(CodeWriter writer, string call, string entry) => WriteBody(writer, call, GeneratedNames.VariantType, variant => $"&{variant}.{entry}, cancellation");

    /// <summary>The same for an entry point that takes an ILGPU stream and views.</summary>
    public void WriteIlgpuBody(CodeWriter writer, string call) => WriteBody(writer, call, GeneratedNames.IlgpuVariantType, variant => $"{variant}.Kernels");

    private void WriteBody(CodeWriter writer, string call, Func<IKernelSpec, string> variantType, Func<string, string> whatRuns)
    {
        using (writer.OpenBlock())
        {
            writer.Line($"var call = {call};");
            writer.Line($"switch (({OfCall}))");
            using (writer.OpenBlock())
            {
                foreach (var (spec, numbers) in variants)
                {
                    using (writer.Indent($"case {Key(numbers)}:"))
                    {
                        var variant = variantType(spec);
                        writer.Line($"global::KernelGen.KernelDispatch.Report({variant}.Variant, call.Tokens);");
                        writer.Line($"call.Run({whatRuns(variant)});");
                        writer.Line("break;");
                    }
                }

                using (writer.Indent("default:")) writer.Line($"throw {Missing}({OfCall});");
            }
        }
    }

    /// <summary><c>Select</c>, behind its documentation.</summary>
    public void WriteSelect(CodeWriter writer)
    {
        writer.Line(GeneratedNames.GeneratedCodeAttribute);
        writer.Line($"public static global::KernelGen.KernelVariant Select({TypedParameters}) => ({Parameters}) switch");
        using (writer.OpenBlockTo("};"))
        {
            foreach (var (spec, numbers) in variants) writer.Line($"{Key(numbers)} => {GeneratedNames.VariantType(spec)}.Variant,");
            writer.Line($"_ => throw {Missing}({Parameters}),");
        }
    }

    /// <summary>What makes the exception for shapes that nobody declared.</summary>
    public void WriteMissing(CodeWriter writer)
    {
        writer.Line(GeneratedNames.GeneratedCodeAttribute);
        writer.Line($"private static global::KernelGen.KernelVariantNotFoundException {Missing}({TypedParameters}) => new(");
        using (writer.Indent())
        {
            var numbers = string.Join(", ", shape.Select(name => $"{name} = {{{Parameter(name)}}}"));
            writer.Line($"{SymbolDisplay.FormatLiteral(className, quote: true)},");
            writer.Line($"$\"[{attribute}({numbers})]\",");
            writer.Line("new[]");
            using (writer.OpenBlockTo("});"))
            {
                foreach (var (spec, _) in variants) writer.Line($"{GeneratedNames.VariantType(spec)}.Variant,");
            }
        }
    }

    private static string Parameter(string name) => char.ToLowerInvariant(name[0]) + name.Substring(1);

    private static string Key(int[] numbers) => $"({string.Join(", ", numbers)})";
}
