using System.Numerics.Tensors;
using System.Reflection;
using KernelGen.Compiler.Tuning;
using KernelGen.Generator;
using KernelGen.Testing;
using Microsoft.CodeAnalysis;

namespace KernelGen.Tests;

/// <summary>A tuning file among a project's <c>AdditionalFiles</c>: the variants that it names, chosen by the number of tokens.</summary>
public sealed class TunedExpertsTests
{
    private const string FileName = "E=8,N=32,device_name=AMD_EPYC,dtype=float32.json";

    private static readonly CpuTile Few = new(256, 1, 4, 256, new(4, 24), new(8, 48));
    private static readonly CpuTile Many = new(512, 2, 8, 512, new(12, 48), new(12, 48));

    // From both files: one token in slices, others without, many in larger tiles.
    private static readonly string Content = TuningFile.Empty.With([Few.ToEntry(1, 4), Few.ToEntry(4, 1), Many.ToEntry(64, 1)]).ToString();
    private static readonly string DownContent = TuningFile.Empty.With([Few.ToDownEntry(1, 4), Few.ToDownEntry(4, 1), Many.ToDownEntry(64, 1)]).ToString();

    private const string Declaration = """
        using KernelGen;

        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, SplitK = new[] { 1, 2 })]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = DType.BFloat16)]
        public static partial class Tuned;
        """;

    private static Consumer Project => Consumer.Of(Declaration).WithFiles(("/src/tuning/" + FileName, Content), ("/src/tuning/" + FileName.Replace(".json", "_down.json"), DownContent));

    [Fact]
    public void The_dispatcher_is_as_reviewed() => Snapshot.Verify("Tuned.FusedMoe.g.cs", Project.Generate().AssertCompiles().Files["Tuned.FusedMoe.g.cs"]);

    [Fact]
    public async Task A_file_that_suits_is_nothing_to_talk_about() => Assert.Empty(await Project.Analyze());

    [Fact]
    public void Nothing_but_what_is_tuned_changes()
    {
        var without = Consumer.Of(Declaration).Generate().Files;
        var with = Project.Generate().Files;
        Assert.All(without.Where(file => file.Key != "Tuned.FusedMoe.g.cs"), file => Assert.Equal(file.Value, with[file.Key]));
        var few = "Tuned.fusedmoe_silu_e8_k2_h64_i32_f32_cpu_v256m8r4d256n24t4n48t8";
        Assert.Equal(
            [$"{few}.Vector128.g.cs", $"{few}.Vector256.g.cs", $"{few}.g.cs"],
            with.Keys.Except(without.Keys).Where(file => file.StartsWith(few, StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(3 + 3 + 4, with.Count - without.Count);
    }

    [Fact]
    public void A_file_for_a_CPU_changes_nothing_for_ILGPU()
    {
        var settings = new Consumer.Settings(ReferenceIlgpu: true);
        var without = IlgpuFiles(Consumer.Of(settings, Declaration));
        Assert.Equal(3 * 2 + 1, without.Length);
        Assert.Equal(without, IlgpuFiles(Consumer.Of(settings, Declaration).WithFiles((FileName, Content))));

        static KeyValuePair<string, string>[] IlgpuFiles(Consumer project) =>
            project.Generate().Files.Where(file => file.Key.Contains("lgpu")).OrderBy(file => file.Key, StringComparer.Ordinal).ToArray();
    }

    [Fact]
    public void Tokens_choose_the_variant_and_an_explicit_number_of_slices_the_declared_one()
    {
        var tuned = Project.Generate().Load().GetType("Tuned")!;
        const string Declared = "fusedmoe_silu_e8_k2_h64_i32_f32";
        Assert.Equal($"{Declared}_splitk4_cpu_{Few.Name}", Select(1));
        Assert.Equal($"{Declared}_splitk4_cpu_{Few.Name}", Select(2));
        Assert.Equal($"{Declared}_cpu_{Few.Name}", Select(3));
        Assert.Equal($"{Declared}_cpu_{Few.Name}", Select(34)); // half-way: 4 stands before 64
        Assert.Equal($"{Declared}_cpu_{Many.Name}", Select(35));
        Assert.Equal($"{Declared}_cpu_{Many.Name}", Select(1_000_000));
        Assert.Equal($"{Declared}_splitk2_cpu", Select(1, splitK: 2));
        Assert.Equal($"{Declared}_cpu", Select(1, splitK: 1));
        Assert.IsType<KernelVariantNotFoundException>(Assert.Throws<TargetInvocationException>(() => Select(1, splitK: 4)).InnerException);

        string Select(int tokens, int splitK = 0) =>
            ((KernelVariant)tuned.GetMethod("Select")!.Invoke(null, [8, 2, 64, 32, DType.Float32, tokens, splitK])!).Name;
    }

    [Fact]
    public void Tuned_variants_compute_the_same()
    {
        var random = new SeededRandom();
        using var weights = ExpertWeights<float>.FromFused(random.Normal(8 * 64 * 64), random.Normal(8 * 64 * 32), 8, 64, 32);
        var forward = Project.Generate().Load().GetType("Tuned")!.GetMethods().Single(method => method.Name == "Forward" && method.GetParameters()[1].ParameterType == weights.GetType())
            .CreateDelegate<ExpertsForward<float>>();
        foreach (var tokens in new[] { 1, 5, 100 })
        {
            var hidden = random.Normal(tokens * 64);
            var routerWeights = random.Normal(tokens * 2);
            var experts = Enumerable.Range(0, tokens).SelectMany(_ => random.Permutation(8).Take(2)).ToArray();
            Assert.Equal(Run(splitK: 1), Run(splitK: 0), (expected, actual) => MathF.Abs(expected - actual) <= 1e-3f * (1 + MathF.Abs(expected)));

            float[] Run(int splitK)
            {
                var output = new float[tokens * 64];
                forward(
                    new ReadOnlyTensorSpan<float>(hidden, [tokens, 64]), weights, new ReadOnlyTensorSpan<float>(routerWeights, [tokens, 2]),
                    new ReadOnlyTensorSpan<int>(experts, [tokens, 2]), new TensorSpan<float>(output, [tokens, 64]), splitK);
                return output;
            }
        }
    }

    [Fact]
    public void An_edit_of_a_file_re_emits_only_the_classes_that_use_it()
    {
        var project = Consumer.Of(
                "[KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32)] static partial class A;",
                "[KernelGen.FusedMoe(Experts = 4, TopK = 2, HiddenSize = 64, IntermediateSize = 32)] static partial class B;",
                "[KernelGen.MoeGate(Experts = 8, TopK = 2)] static partial class C;")
            .WithFiles((FileName, Content), (FileName.Replace("E=8", "E=4"), Content), ("appsettings.json", "{}"));
        var driver = project.NewDriver().RunGenerators(project.Compilation, TestContext.Current.CancellationToken);
        var before = driver.GetRunResult().Results.Single();

        // Another Split-K number for one token: one variant more, one less; the two others stay.
        Assert.Equal(["Classes: B", "TuningFiles: E=4", "Variants: fusedmoe_silu_e4_k2_h64_i32_f32_splitk2_cpu_" + (Few with { Down = Few.GateUp }).Name], Changes(Content.Replace("\"SPLIT_K\": 4", "\"SPLIT_K\": 2")));

        // White space: the file is read again, and that is all.
        Assert.Equal(["TuningFiles: E=4"], Changes(Content + "\n"));

        string[] Changes(string content)
        {
            var old = project.Files[1];
            var edit = Consumer.Of().WithFiles((old.Path, content)).Files[0];
            var after = driver.ReplaceAdditionalText(old, edit).RunGenerators(project.Compilation, TestContext.Current.CancellationToken).GetRunResult().Results.Single();
            var changes = new[] { TrackingNames.TuningFiles, TrackingNames.Classes, TrackingNames.Variants }
                .SelectMany(name => after.TrackedSteps[name].SelectMany(step => step.Outputs).Select(output => (Name: name, output.Value, output.Reason)))
                .Where(output => output.Reason is not (IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged))
                .Select(output => $"{output.Name}: {Describe(output.Value)}").Order(StringComparer.Ordinal).ToArray();

            var earlier = before.GeneratedSources.Select(source => source.SourceText).ToHashSet(ReferenceEqualityComparer.Instance);
            Assert.All(after.GeneratedSources.Where(source => !earlier.Contains(source.SourceText)), source => Assert.StartsWith("B.", source.HintName));
            return changes;
        }

        static string Describe(object value) => value switch
        {
            TuningInput input => input.Path[..3],
            Compiler.Emission.DeclaredClass declared => declared.Place.FullName,
            _ => ((Compiler.Families.IKernelSpec)value.GetType().GetProperty("Spec")!.GetValue(value)!).VariantName,
        };
    }
}
