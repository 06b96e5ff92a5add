namespace KernelGen.Tests;

/// <summary>Emitted code compiles without a warning wherever a user puts the class, and whatever the user's own names are.</summary>
public sealed class EmittedCodeTests
{
    private const string Gate = "[global::KernelGen.MoeGate(Experts = 8, TopK = 2)]";
    private const string Experts = "[global::KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32)]";

    private const string Router = "[global::KernelGen.OmniRouter(ExpertsPerAxis = 48, TopK = 8)]";

    private const string Neurons = "[global::KernelGen.OmniExperts(ExpertsPerAxis = 48, TopK = 8, HiddenSize = 64)]";

    public static TheoryData<string> Places =>
    [
        $"{Gate} {Experts} static partial class Kernels;",
        $"{Gate} {Experts} partial class Kernels;",
        $"{Gate} {Experts} public sealed partial class Kernels;",
        $"{Gate} {Experts} public abstract partial class Kernels;",
        $"{Gate} {Experts} internal static unsafe partial class Kernels;",
        $"namespace A.B.C; {Gate} {Experts} public static partial class Kernels;",
        $"namespace A {{ namespace B {{ {Gate} {Experts} public static partial class Kernels; }} }}",
        $"namespace @namespace.@int.record; {Gate} {Experts} public static partial class @class;",
        $"namespace N; public partial class @struct {{ {Gate} {Experts} public static partial class @event; }}",
        $"namespace N; partial class @record {{ {Gate} {Experts} private static partial class @partial; }}",
        $"namespace N; partial struct A {{ partial interface B {{ {Gate} {Experts} internal static partial class C; }} }}",
        $"namespace N; partial record A {{ partial record struct B {{ {Gate} {Experts} internal partial class C; }} }}",
        $"namespace N; public partial class A {{ {Gate} {Experts} protected internal partial class B; }}",
        $"namespace N; public partial class A {{ {Gate} {Experts} private protected partial class B; }}",
        $"{Gate} {Experts} {Router} {Neurons} static partial class Kernels;",
        $"{Router} public static partial class Vector256;",
        $"namespace N; {Gate} static partial class Kernels; {Experts} static partial class Kernels;",
        $"namespace Größe; {Gate} {Experts} public static partial class Überblick;",

        // Names that could come between the emitted code and what it means.
        $"namespace N; {Gate} {Experts} static partial class System;",
        $"namespace N.System.KernelGen; {Gate} {Experts} static partial class Kernels;",
        $"{Gate} {Experts} static partial class BFloat16;",
        $"{Gate} {Experts} static partial class Vector256;",
        $"{Gate} {Experts} static partial class Simd;",
        $"{Gate} {Experts} static partial class Math;",
        $"{Gate} {Experts} static partial class Static;",
        $"{Gate} {Experts} static partial class Kernels {{ class KernelVariant; class KernelGen; class System; }}",
        $"namespace KernelGen; {Gate} {Experts} static partial class Kernels;",
        $"namespace KernelGen.Generated; {Gate} {Experts} static partial class Kernels;",

        // Experts of other forms, in one slice and in several.
        "[global::KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, Activation = global::KernelGen.MoeActivation.SwigluOai, Bias = true, SplitK = new[] { 1, 4 })] static partial class Kernels;",
        "[global::KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 63, IntermediateSize = 31, Activation = global::KernelGen.MoeActivation.Relu2, RouterWeightOnInput = true, SplitK = new[] { 1, 4 })] static partial class Kernels;",
        "[global::KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, Activation = global::KernelGen.MoeActivation.SwigluClamp, ActivationLimit = 1e-5f, Bias = true, RouterWeightOnInput = true)] static partial class Kernels;",
        // Two classes in one compilation.
        $"{Gate} static partial class A; {Gate} static partial class B;",
        $"{Gate} static partial class Gates; {Gate} static partial class gateS; namespace N {{ {Gate} static partial class Gates; }}",
        $"namespace A.B_C {{ {Gate} static partial class D; }} namespace A_B.C {{ {Gate} static partial class D; }}",
        $"namespace A_ {{ {Gate} static partial class B; }} namespace A {{ {Gate} static partial class _B; }}",
    ];

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Compiles_without_a_warning(string source)
    {
        var consumer = Consumer.Of(source);
        Assert.Empty(await consumer.Analyze());
        var declared = consumer.Compilation.GetSymbolsWithName(_ => true, Microsoft.CodeAnalysis.SymbolFilter.Type, TestContext.Current.CancellationToken)
            .Sum(type => type.GetAttributes().Select(attribute => attribute.AttributeClass!.Name).Distinct().Count());
        var project = consumer.Generate().AssertCompiles();
        Assert.Equal(declared, project.Files.Values.Count(text => text.Contains(" Select(")));
    }

    [Theory]
    [InlineData("public static", "public static partial class Gates")]
    [InlineData("internal", "internal partial class Gates")]
    [InlineData("", "internal partial class Gates")]
    public void Repeats_the_modifiers(string modifiers, string header)
    {
        var files = Consumer.Of($"{Gate} {modifiers} partial class Gates;").Generate().AssertCompiles().Files;
        Assert.Contains($"\n{header}\n", files["Gates.MoeGate.g.cs"]);
    }

    [Fact]
    public void Every_file_says_that_it_is_generated_and_for_what()
    {
        var files = Consumer.Of($"{Gate} {Experts} public static partial class Kernels;").Generate().Files;
        Assert.Equal(2 + 3 + 4, files.Count); // the class for each family; each entry with its kernels, a gate at two vector widths, experts at three
        Assert.All(files.Values, text =>
        {
            Assert.StartsWith("// <auto-generated/>\n", text);
            Assert.Contains("#nullable enable\n", text);
            Assert.Contains("[global::System.CodeDom.Compiler.GeneratedCode(\"KernelGen\", ", text);
            Assert.DoesNotContain('\r', text);
            Assert.DoesNotContain(" \n", text);
            Assert.EndsWith("}\n", text);
        });
        Assert.All(files.Where(file => file.Key.Contains("moegate_")), file => Assert.Contains("//     [MoeGate(Experts = 8, TopK = 2)]\n", file.Value));
    }

    [Fact]
    public void Output_is_the_same_in_every_culture()
    {
        var before = System.Globalization.CultureInfo.CurrentCulture;
        var source = $"{Gate} [KernelGen.MoeGate(Experts = 4096, TopK = 8)] {Experts} public static partial class Kernels;";
        var invariant = Consumer.Of(source).Generate().Files;
        try
        {
            var culture = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
            culture.NumberFormat.NegativeSign = "minus";
            culture.NumberFormat.NumberDecimalSeparator = ",";
            System.Globalization.CultureInfo.CurrentCulture = culture;
            Assert.Equal(invariant, Consumer.Of(source).Generate().Files);
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = before;
        }
    }
}
