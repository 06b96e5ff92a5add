using KernelGen.Generator;
using Microsoft.CodeAnalysis;

namespace KernelGen.Tests;

/// <summary>What an edit re-runs. Every keystroke in an editor is an edit, so this is what users feel.</summary>
public sealed class IncrementalityTests
{
    private static readonly string[] Project =
    [
        "[KernelGen.MoeGate(Experts = 8, TopK = 2)] [KernelGen.MoeGate(Experts = 16, TopK = 4)] static partial class A;",
        "[KernelGen.MoeGate(Experts = 8, TopK = 2)] static partial class B;",
        "[KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32)] static partial class C;",
        "static class Unrelated { static int Answer() => 42; }",
        "[KernelGen.MoeGate(Experts = 8, TopK = 2)] static partial class D; [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32)] partial class D;",
    ];

    [Fact]
    public void An_edit_elsewhere_re_runs_nothing()
    {
        var second = RunTwice(project => project.WithEdit(3, text => text.Replace("42", "43")));
        Assert.Empty(second.Changes);
        Assert.Empty(second.WrittenFiles);
    }

    [Fact]
    public void A_comment_beside_a_declaration_re_runs_nothing()
    {
        var second = RunTwice(project => project.WithEdit(0, text => $"// A model.\n{text}"));
        Assert.Empty(second.Changes);
        Assert.Empty(second.WrittenFiles);
    }

    [Fact]
    public void An_edit_of_an_attribute_re_emits_its_class_only()
    {
        var second = RunTwice(project => project.WithEdit(1, text => text.Replace("TopK = 2", "TopK = 3")));
        Assert.Equal(["Classes: B Modified", "Declarations: B Modified", "Variants: moegate_softmax_e8_k3_f32_cpu Modified"], second.Changes);
        Assert.Equal(["B.MoeGate.g.cs", .. GateFiles("B.moegate_softmax_e8_k3_f32_cpu")], second.WrittenFiles);
    }

    [Fact]
    public void An_edit_of_one_of_two_attributes_specialises_one_variant_only()
    {
        var second = RunTwice(project => project.WithEdit(0, text => text.Replace("Experts = 16", "Experts = 32")));
        Assert.Equal(["Classes: A Modified", "Declarations: A Modified", "Variants: moegate_softmax_e32_k4_f32_cpu Modified"], second.Changes);
        Assert.Equal(["A.MoeGate.g.cs", .. GateFiles("A.moegate_softmax_e32_k4_f32_cpu")], second.WrittenFiles);
    }

    [Fact]
    public void A_class_whose_attributes_stand_on_several_parts_is_emitted_once_for_each_family()
    {
        var files = Consumer.Of([.. Project, "[KernelGen.MoeGate(Experts = 16, TopK = 2)] partial class D;"]).Generate().AssertCompiles().Files;
        var dispatchers = files.Where(file => file.Key.StartsWith("D.") && !file.Key.Contains("_cpu")).OrderBy(file => file.Key, StringComparer.Ordinal).ToArray();
        Assert.Equal(["D.FusedMoe.g.cs", "D.MoeGate.g.cs"], dispatchers.Select(file => file.Key));
        Assert.Contains(" Forward(", dispatchers[0].Value);
        Assert.Contains("(8, 2, false)", dispatchers[1].Value);
        Assert.Contains("(16, 2, false)", dispatchers[1].Value);
    }

    [Fact]
    public void A_removed_attribute_takes_its_files_with_it()
    {
        var second = RunTwice(project => project.WithEdit(2, text => text[(text.IndexOf(']') + 1)..]));
        Assert.DoesNotContain(second.Files, file => file.StartsWith("C."));
    }

    [Fact]
    public void A_mistake_in_one_class_leaves_the_others_alone()
    {
        var second = RunTwice(project => project.WithEdit(1, text => text.Replace("TopK = 2", "TopK = 9")));
        Assert.DoesNotContain(second.Files, file => file.StartsWith("B."));
        Assert.Empty(second.WrittenFiles);
    }

    private static IEnumerable<string> GateFiles(string start) =>
        [$"{start}.Vector128.g.cs", $"{start}.Vector256.g.cs", $"{start}.g.cs"];

    private static SecondRun RunTwice(Func<Consumer, Consumer> edit)
    {
        var project = Consumer.Of(Project);
        var driver = project.NewDriver().RunGenerators(project.Compilation, TestContext.Current.CancellationToken);
        var before = driver.GetRunResult().Results.Single();
        Assert.Null(before.Exception);
        var after = driver.RunGenerators(edit(project).Compilation, TestContext.Current.CancellationToken).GetRunResult().Results.Single();
        Assert.Null(after.Exception);

        var outputs = new[] { TrackingNames.Declarations, TrackingNames.Classes, TrackingNames.Variants }
            .Where(after.TrackedSteps.ContainsKey)
            .SelectMany(name => after.TrackedSteps[name].SelectMany(step => step.Outputs).Select(output => (Name: name, output.Value, output.Reason)));
        var changes = outputs.Where(IsChange).Select(output => $"{output.Name}: {Describe(output.Value)} {output.Reason}").Order(StringComparer.Ordinal);

        // A file that was not written again is the very same text object.
        var earlier = before.GeneratedSources.Select(source => source.SourceText).ToHashSet(ReferenceEqualityComparer.Instance);
        var written = after.GeneratedSources.Where(source => !earlier.Contains(source.SourceText)).Select(source => source.HintName).Order(StringComparer.Ordinal);
        return new SecondRun(changes.ToArray(), written.ToArray(), after.GeneratedSources.Select(source => source.HintName).ToArray());
    }

    private static bool IsChange((string Name, object Value, IncrementalStepRunReason Reason) output) =>
        output.Reason is not (IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged);

    private static string Describe(object value) => value is Compiler.Emission.DeclaredClass declared
        ? declared.Place.FullName
        : value.GetType().GetProperty("Spec")!.GetValue(value) is Compiler.Families.IKernelSpec spec ? spec.VariantName : "?";

    private sealed record SecondRun(string[] Changes, string[] WrittenFiles, string[] Files);
}
