using System.Text;
using KernelGen.Testing;
using Microsoft.CodeAnalysis;

namespace KernelGen.Tests;

/// <summary>Whatever stands in an attribute, generator and analyzer do not fail, and they agree.</summary>
public sealed class RobustnessTests
{
    private const int ClassesAtOnce = 250;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task An_attribute_yields_either_a_kernel_or_a_diagnostic(int testCase)
    {
        var random = new SeededRandom(testCase);
        var declarations = new RandomDeclarations(random);
        var attributes = Enumerable.Range(0, ClassesAtOnce).Select(_ => declarations.Attribute()).ToArray();
        var source = new StringBuilder();
        for (var i = 0; i < attributes.Length; i++) source.Append($"{attributes[i]} static partial class C{i};\n");

        var consumer = Consumer.Of(source.ToString());
        Assert.Empty(consumer.Compilation.GetDiagnostics(TestContext.Current.CancellationToken).Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        var wrongLines = (await consumer.Analyze()).Select(diagnostic => diagnostic.Location.GetLineSpan().StartLinePosition.Line).ToHashSet();
        var files = consumer.Generate().Files;
        for (var i = 0; i < attributes.Length; i++)
        {
            // Some slice numbers of an attribute may be right and others wrong: then there is a kernel and a diagnostic.
            var both = attributes[i].Contains("SplitK = new[]");
            var emitted = files.Keys.Any(file => file.StartsWith($"C{i}.", StringComparison.Ordinal));
            var wrong = wrongLines.Contains(i);
            Assert.True(both ? emitted || wrong : emitted != wrong, $"{random.Description}: {attributes[i]}: emitted {emitted}, diagnostic {wrong}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Broken_text_fails_neither(int testCase)
    {
        var random = new SeededRandom(testCase);
        var declarations = new RandomDeclarations(random);
        var sources = new List<string>();
        for (var i = 0; i < ClassesAtOnce; i++)
            sources.Add(declarations.Damaged($"{declarations.Attribute()} {declarations.Attribute()} static partial class C{i} {{ }}"));

        TestContext.Current.TestOutputHelper!.WriteLine(random.Description);
        var consumer = Consumer.Of([.. sources]);
        await consumer.Analyze();
        consumer.Generate();
    }

    [Theory]
    [InlineData("Experts = \"8\"")]
    [InlineData("Experts = null")]
    [InlineData("Experts = ")]
    [InlineData("Experts = Missing.Value")]
    [InlineData("Experts = 1/0")]
    [InlineData("CorrectionBias = 1")]
    public async Task What_the_compiler_rejects_gets_no_second_diagnostic_and_no_kernel(string argument)
    {
        var consumer = Consumer.Of($"[KernelGen.MoeGate({(argument.StartsWith('E') ? "" : "Experts = 8, ")}TopK = 2, {argument})] static partial class Gates;");
        Assert.Contains(consumer.Compilation.GetDiagnostics(TestContext.Current.CancellationToken), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Assert.Empty(await consumer.Analyze());
        Assert.Empty(consumer.Generate().Files);
    }

    [Fact]
    public async Task An_argument_that_is_given_twice_is_the_compilers_to_report()
    {
        var consumer = Consumer.Of("[KernelGen.MoeGate(Experts = 8, TopK = 2, Experts = 16)] static partial class Gates;");
        Assert.Contains(consumer.Compilation.GetDiagnostics(TestContext.Current.CancellationToken), diagnostic => diagnostic.Id == "CS0643");
        Assert.Empty(await consumer.Analyze());
        consumer.Generate();
    }

    [Fact]
    public async Task Attributes_of_the_same_name_elsewhere_are_not_ours()
    {
        var consumer = Consumer.Of("""
            namespace Other
            {
                class MoeGateAttribute : System.Attribute;
                class Outer { internal class FusedMoeAttribute : System.Attribute; }
                [MoeGate, Outer.FusedMoe] class Plain;
            }
            """);
        Assert.Empty(await consumer.Analyze());
        Assert.Empty(consumer.Generate().Files);
    }
}
