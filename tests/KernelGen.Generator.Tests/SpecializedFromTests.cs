using KernelGen.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Tests;

/// <summary>Classes that are filled from templates of the same project.</summary>
public sealed class SpecializedFromTests
{
    private const string Template = """
        using System;
        using KernelGen;
        using System.Runtime.Intrinsics;

        namespace Templates.Dots;

        public enum Ending { Sum, Largest }

        /// <summary>Sums, or largest elements, of a few rows.</summary>
        [KernelTemplate]
        internal static class Rows<[Specialize] T> where T : unmanaged
        {
            [Specialize] public const int Count = 2;
            [Specialize] private const Ending End = Ending.Sum;

            public static int Width => Vector256<float>.Count;

            public static void Run(ReadOnlySpan<T> x, int columns, Span<float> y)
            {
                var acc = Static.Array<float>(Count);
                for (var i = 0; i < columns; i++)
                {
                    foreach (var r in Static.Range(Count)) acc[r] = Next(acc[r], Convert(x[(r * columns) + i]));
                }

                foreach (var r in Static.Range(Count)) y[r] = acc[r];
            }

            private static float Next(float sum, float value) => End == Ending.Sum ? sum + value : Math.Max(sum, value);

            private static float Convert(T value) => typeof(T) == typeof(float) ? (float)(object)value : (int)(object)value;
        }
        """;

    private static readonly string[] Project =
    [
        Template,
        """
        using KernelGen;
        namespace Users;
        using Templates.Dots;

        [SpecializedFrom(typeof(Rows<float>))]
        public static partial class ThreeRows { [Specialize] private const int Count = 3; }

        public partial class Outer
        {
            [SpecializedFrom(typeof(Rows<int>), VectorBits = 512)]
            internal static partial class Largest { [Specialize] private const Ending End = Ending.Largest; private const int Own = 1; }
        }
        """,
        """
        using System;
        public static class Answers
        {
            public static float[] Sums() { var y = new float[3]; Users.ThreeRows.Run([1, 2, 3, 4, 5, 6], 2, y); return y; }
            public static float[] Largest() { var y = new float[2]; Users.Outer.Largest.Run([1, 9, 3, 4], 2, y); return y; }
            public static int[] Widths() => [Users.ThreeRows.Width, Users.Outer.Largest.Width];
        }
        """,
    ];

    [Fact]
    public void Specialised_members_compute_what_the_template_does()
    {
        var answers = Consumer.Of(Project).Generate().Load().GetType("Answers")!;
        Assert.Equal([3f, 7f, 11f], (float[])answers.GetMethod("Sums")!.Invoke(null, null)!);
        Assert.Equal([9f, 4f], (float[])answers.GetMethod("Largest")!.Invoke(null, null)!);
        Assert.Equal([8, 16], (int[])answers.GetMethod("Widths")!.Invoke(null, null)!);
    }

    [Fact]
    public void Nothing_of_the_compile_time_language_is_left()
    {
        var files = Consumer.Of(Project).Generate().AssertCompiles().Files;
        Assert.Equal(["Users.Outer+Largest.specialized.g.cs", "Users.ThreeRows.specialized.g.cs"], files.Keys.Order(StringComparer.Ordinal));
        var text = files["Users.ThreeRows.specialized.g.cs"];
        Assert.Contains("// Templates.Dots.Rows<T>, specialised for T = float, Count = 3, 256-bit vectors.", text);
        Assert.Contains("public static partial class ThreeRows", text);
        Assert.DoesNotContain("Static.", text);
        Assert.DoesNotContain("Ending", text);
        Assert.DoesNotContain("foreach", text);
        Assert.Contains("End = Ending.Largest", files["Users.Outer+Largest.specialized.g.cs"]);
    }

    [Theory]
    [InlineData(2, "6], 2", "6], 2 + 0")]
    [InlineData(1, "Count = 3", "Count = 4", "Users.ThreeRows.specialized.g.cs")]
    [InlineData(1, "Own = 1", "Own = 2")]
    [InlineData(0, "sum + value", "value + sum", "Users.Outer+Largest.specialized.g.cs", "Users.ThreeRows.specialized.g.cs")]
    public void An_edit_writes_again_what_depends_on_it(int file, string old, string edited, params string[] written)
    {
        var project = Consumer.Of(Project);
        var driver = project.NewDriver().RunGenerators(project.Compilation, TestContext.Current.CancellationToken);
        var before = driver.GetRunResult().Results.Single();
        var after = driver.RunGenerators(project.WithEdit(file, text => text.Replace(old, edited)).Compilation, TestContext.Current.CancellationToken).GetRunResult().Results.Single();
        var earlier = before.GeneratedSources.Select(source => source.SourceText).ToHashSet(ReferenceEqualityComparer.Instance);
        Assert.Equal(written, after.GeneratedSources.Where(source => !earlier.Contains(source.SourceText)).Select(source => source.HintName).Order(StringComparer.Ordinal));
        Assert.Equal(written.Length > 0, after.TrackedSteps[TrackingNames.Templates].SelectMany(step => step.Outputs).Any(output => output.Reason == IncrementalStepRunReason.Modified));
    }

    [Theory]
    [InlineData("[KernelGen.SpecializedFrom(typeof(Templates.Dots.Rows<float>))] static class {|KG0001:A|};")]
    [InlineData("[KernelGen.SpecializedFrom(typeof(Templates.Dots.Rows<float>))] static partial class {|KG0002:A|}<T>;")]
    [InlineData("[{|KG0018:KernelGen.SpecializedFrom(typeof(Templates.Dots.Rows<>))|}] static partial class A;")]
    [InlineData("[{|KG0018:KernelGen.SpecializedFrom(typeof(string))|}] static partial class A;")]
    [InlineData("[{|KG0018:KernelGen.SpecializedFrom(typeof(int))|}] static partial class A;")]
    [InlineData("static class Plain; [{|KG0018:KernelGen.SpecializedFrom(typeof(Plain))|}] static partial class A;")]
    [InlineData("static class Outer { [KernelGen.KernelTemplate] public static class T; } [{|KG0018:KernelGen.SpecializedFrom(typeof(Outer.T))|}] static partial class A;")]
    [InlineData("[{|KG0003:KernelGen.SpecializedFrom(typeof(Templates.Dots.Rows<float>), VectorBits = 100)|}] static partial class A;")]
    [InlineData("[KernelGen.SpecializedFrom(typeof(Templates.Dots.Rows<float>))] static partial class A { [KernelGen.Specialize] const string {|KG0007:Count|} = \"\"; }")]
    public async Task A_mistake_is_reported_at_its_place(string text)
    {
        var marked = Marked.Parse(text);
        var consumer = Consumer.Of(marked.Source, Template);
        Assert.Equal(marked.Expected, (await consumer.Analyze()).Select(diagnostic => (diagnostic.Id, diagnostic.Location.SourceSpan)));
        Assert.Empty(consumer.Generate().Files);
    }

    [Theory]
    [InlineData("[KernelGen.Specialize] const int Rows = 2;", "Rows has no [Specialize] constant Rows (KG1009)")]
    [InlineData("[KernelGen.Specialize] const double Count = 2;", "given for Count is no int")]
    [InlineData("[KernelGen.Specialize] const int Count = 5000;", "(KG10")]
    public void What_the_template_does_not_allow_is_a_diagnostic_too(string constant, string says)
    {
        var project = Consumer.Of(Template, $"[KernelGen.SpecializedFrom(typeof(Templates.Dots.Rows<float>))] static partial class A {{ {constant} }}");
        var result = project.NewDriver().RunGenerators(project.Compilation, TestContext.Current.CancellationToken).GetRunResult();
        Assert.Empty(result.GeneratedTrees);
        Assert.All(result.Diagnostics, diagnostic => Assert.Equal("KG0019", diagnostic.Id));
        Assert.Contains(result.Diagnostics, diagnostic => diagnostic.GetMessage().StartsWith("A: ") && diagnostic.GetMessage().Contains(says) && diagnostic.Location.GetLineSpan().Path == "File0.cs");
    }
}
