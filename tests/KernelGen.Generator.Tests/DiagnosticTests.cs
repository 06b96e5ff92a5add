using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Tests;

/// <summary>Each mistake is reported once, at the exact place, with nothing else; and what is right is emitted all the same.</summary>
public sealed class DiagnosticTests
{
    [Fact]
    public Task KG0001_class_is_not_partial() => Verify("""
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        static class {|KG0001:Gates|};
        """);

    [Fact]
    public Task KG0001_containing_type_is_not_partial() => Verify("""
        class {|KG0001:Outer|}
        {
            partial struct Middle
            {
                [KernelGen.MoeGate(Experts = 8, TopK = 2)]
                static partial class Gates;
            }
        }
        """);

    [Fact]
    public Task KG0002_generic_class() => Verify("""
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        static partial class {|KG0002:Gates|}<T>;
        """);

    [Fact]
    public Task KG0002_generic_containing_type() => Verify("""
        partial class {|KG0002:Outer|}<T>
        {
            [KernelGen.MoeGate(Experts = 8, TopK = 2)]
            static partial class Gates;
        }
        """);

    [Fact]
    public Task KG0002_file_local_class() => Verify("""
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        file static partial class {|KG0002:Gates|};
        """);

    [Fact]
    public Task KG0002_record() => Verify("""
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32)]
        partial record {|KG0002:Experts|};
        """);

    [Theory]
    [InlineData("Experts = 0")]
    [InlineData("Experts = 4097")]
    [InlineData("Experts = int.MinValue")]
    public Task KG0003_gate_experts(string argument) => Verify($$"""
        [KernelGen.MoeGate({|KG0003:{{argument}}|}, TopK = 2)]
        static partial class Gates;
        """);

    [Theory]
    [InlineData("TopK = 0")]
    [InlineData("TopK = 65")]
    [InlineData("TopK = -1")]
    public Task KG0003_gate_top_k(string argument) => Verify($$"""
        [KernelGen.MoeGate(Experts = 128, {|KG0003:{{argument}}|})]
        static partial class Gates;
        """);

    [Fact]
    public Task KG0003_size_that_is_not_given_is_reported_at_the_attribute() => Verify("""
        [{|KG0003:KernelGen.MoeGate(Experts = 8)|}]
        static partial class Gates;
        """);

    [Fact]
    public Task KG0003_nothing_given() => Verify("""
        [{|KG0003,KG0003,KG0003,KG0003:KernelGen.FusedMoe|}]
        static partial class Experts;
        """);

    [Theory]
    [InlineData("{|KG0003:HiddenSize = 0|}, IntermediateSize = 32")]
    [InlineData("HiddenSize = 64, {|KG0003:IntermediateSize = 65537|}")]
    [InlineData("{|KG0003:HiddenSize = -64|}, {|KG0003:IntermediateSize = int.MaxValue|}")]
    public Task KG0003_widths(string widths) => Verify($$"""
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, {{widths}}, SplitK = new[] { 1, 2 })]
        static partial class Experts;
        """);

    [Theory]
    [InlineData("{|KG0003:ExpertsPerAxis = 0|}, TopK = 1")]
    [InlineData("{|KG0003:ExpertsPerAxis = 4097|}, TopK = 1")]
    [InlineData("ExpertsPerAxis = 48, {|KG0003:TopK = 0|}")]
    [InlineData("ExpertsPerAxis = 48, {|KG0003:TopK = 129|}")]
    [InlineData("ExpertsPerAxis = 3, {|KG0004:TopK = 10|}")]
    public Task KG0003_and_KG0004_omni_router(string arguments) => Verify($$"""
        [KernelGen.OmniRouter({{arguments}})]
        static partial class Omni;
        """);

    [Theory]
    [InlineData("{|KG0003:ExpertsPerAxis = 0|}, TopK = 1, HiddenSize = 64")]
    [InlineData("ExpertsPerAxis = 48, {|KG0003:TopK = 129|}, {|KG0003:HiddenSize = 65537|}")]
    [InlineData("ExpertsPerAxis = 3, {|KG0004:TopK = 10|}, HiddenSize = 64")]
    public Task KG0003_and_KG0004_omni_experts(string arguments) => Verify($$"""
        [KernelGen.OmniExperts({{arguments}})]
        static partial class Omni;
        """);

    [Theory]
    [InlineData("-1")]
    [InlineData("2")]
    [InlineData("int.MinValue")]
    [InlineData("int.MaxValue")]
    public Task KG0003_shared_experts(string number) => Verify($$"""
        [KernelGen.MoeGate(Experts = 8, TopK = 2, {|KG0003:SharedExperts = {{number}}|})]
        static partial class Gates;
        """);

    [Fact]
    public Task KG0004_top_k_without_the_shared_experts() => Verify("""
        [KernelGen.MoeGate(Experts = 8, TopK = 9, SharedExperts = 1)]
        [KernelGen.MoeGate(Experts = 8, {|KG0004:TopK = 10|}, SharedExperts = 1)]
        static partial class Gates;
        """);

    [Fact]
    public Task KG0004_top_k_above_experts() => Verify("""
        [KernelGen.MoeGate(Experts = 8, {|KG0004:TopK = 9|})]
        [KernelGen.FusedMoe(Experts = 4, {|KG0004:TopK = 5|}, HiddenSize = 64, IntermediateSize = 32)]
        static partial class Both;
        """);

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public Task KG0005_groups_do_not_divide(int groups) => Verify($$"""
        [KernelGen.MoeGate(Experts = 8, TopK = 2, {|KG0005:Groups = {{groups}}|}, TopKGroups = 1)]
        static partial class Gates;
        """);

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public Task KG0006_top_k_groups_out_of_range(int groups) => Verify($$"""
        [KernelGen.MoeGate(Experts = 8, TopK = 2, Groups = 4, {|KG0006:TopKGroups = {{groups}}|})]
        static partial class Gates;
        """);

    [Fact]
    public Task KG0006_groups_hold_too_few_experts() => Verify("""
        [KernelGen.MoeGate(Experts = 8, TopK = 3, Groups = 4, {|KG0006:TopKGroups = 1|})]
        static partial class Gates;
        """);

    [Fact]
    public Task KG0007_weight_type_without_kernel() => Verify("""
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, {|KG0007:WeightType = KernelGen.DType.Int4|})]
        static partial class Experts;
        """);

    [Theory]
    [InlineData("Float8E4M3")]
    [InlineData("Int8")]
    [InlineData("Int4")]
    public Task KG0007_logits_type_without_kernel(string type) => Verify($$"""
        [KernelGen.MoeGate(Experts = 8, TopK = 2, {|KG0007:LogitsType = KernelGen.DType.{{type}}|})]
        static partial class Gates;
        """);

    [Fact]
    public Task KG0008_logits_types_and_tables_tell_gates_apart() => Verify("""
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        [KernelGen.MoeGate(Experts = 8, TopK = 2, LogitsType = KernelGen.DType.Float16)]
        [KernelGen.MoeGate(Experts = 8, TopK = 2, HashTable = true)]
        [{|KG0008:KernelGen.MoeGate(Experts = 8, TopK = 2, SharedExperts = 1)|}]
        static partial class Gates;
        """);

    [Theory]
    [InlineData("WeightType = KernelGen.DType.Float8E4M3, {|KG0007:Quantization = KernelGen.WeightQuantization.Group|}, GroupSize = 128")]
    [InlineData("WeightType = KernelGen.DType.BFloat16, {|KG0007:Quantization = KernelGen.WeightQuantization.Channel|}")]
    [InlineData("WeightType = KernelGen.DType.Int4, Quantization = KernelGen.WeightQuantization.Group, {|KG0007:GroupSize = 48|}")]
    [InlineData("WeightType = KernelGen.DType.Int8, Quantization = KernelGen.WeightQuantization.Channel, {|KG0007:GroupSize = 32|}")]
    [InlineData("WeightType = KernelGen.DType.Int8, Quantization = KernelGen.WeightQuantization.Channel, {|KG0007:ZeroPoints = true|}")]
    [InlineData("WeightType = KernelGen.DType.Int8, Quantization = KernelGen.WeightQuantization.Channel, {|KG0007:ActivationQuantization = KernelGen.ActivationQuantization.StaticTensor|}")]
    [InlineData("WeightType = KernelGen.DType.Int8, Quantization = KernelGen.WeightQuantization.Group, GroupSize = 128, {|KG0007:ActivationQuantization = KernelGen.ActivationQuantization.DynamicToken|}")]
    [InlineData("WeightType = KernelGen.DType.Float8E4M3, Quantization = KernelGen.WeightQuantization.Block128, {|KG0007:ActivationQuantization = KernelGen.ActivationQuantization.DynamicToken|}")]
    [InlineData("WeightType = KernelGen.DType.BFloat16, {|KG0007:ActivationQuantization = KernelGen.ActivationQuantization.DynamicToken|}")]
    [InlineData("WeightType = KernelGen.DType.Int4, Quantization = KernelGen.WeightQuantization.Group, GroupSize = 32, {|KG0007:ActivationQuantization = KernelGen.ActivationQuantization.DynamicToken|}")]
    [InlineData("WeightType = KernelGen.DType.Float8E4M3, Quantization = KernelGen.WeightQuantization.Tensor, {|KG0011:ActivationQuantization = (KernelGen.ActivationQuantization)9|}")]
    public Task KG0007_weights_whose_scales_have_no_kernel(string format) => Verify($$"""
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, {{format}})]
        static partial class Experts;
        """);

    [Fact]
    public Task KG0007_rows_of_odd_length_in_pairs() => Verify("""
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, {|KG0007:IntermediateSize = 33|}, WeightType = KernelGen.DType.Int4, Quantization = KernelGen.WeightQuantization.Group, GroupSize = 32)]
        static partial class Experts;
        """);

    [Fact]
    public Task KG0008_experts_that_only_the_rounding_of_their_inputs_tells_apart() => Verify("""
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = KernelGen.DType.Int8, Quantization = KernelGen.WeightQuantization.Channel)]
        [{|KG0008:KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = KernelGen.DType.Int8, Quantization = KernelGen.WeightQuantization.Channel, ActivationQuantization = KernelGen.ActivationQuantization.DynamicToken)|}]
        static partial class Experts;
        """);

    [Fact]
    public Task KG0008_gates_that_only_their_scoring_tells_apart() => Verify("""
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        [{|KG0008:KernelGen.MoeGate(Experts = 8, TopK = 2, Scoring = KernelGen.GateScoring.Sigmoid)|}]
        [KernelGen.MoeGate(Experts = 8, TopK = 2, CorrectionBias = true)]
        static partial class Gates;
        """);

    [Fact]
    public Task KG0008_the_same_gate_twice_in_two_parts() => Verify("""
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        static partial class Gates;

        [{|KG0008:KernelGen.MoeGate(TopK = 2, Experts = 8)|}]
        static partial class Gates;
        """);

    [Fact]
    public Task KG0008_experts_whose_split_k_differs() => Verify("""
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32)]
        [{|KG0008:KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, SplitK = new[] { 4 })|}]
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = KernelGen.DType.BFloat16)]
        static partial class Experts;
        """);

    [Fact]
    public Task KG0009_unsafe_code_is_not_allowed() => Verify(
        """
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        static partial class {|KG0009:Gates|};
        """,
        new Consumer.Settings(AllowUnsafe: false));

    [Theory]
    [InlineData("new int[0]")]
    [InlineData("new int[] { }")]
    [InlineData("null")]
    [InlineData("new[] { 0 }")]
    [InlineData("new[] { 1, 65 }")]
    [InlineData("new[] { 1, 33 }")]
    [InlineData("new[] { 4, 1, 4 }")]
    [InlineData("new[] { 1, int.MinValue }")]
    public Task KG0010_split_k(string value) => Verify($$"""
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, {|KG0010:SplitK = {{value}}|})]
        static partial class Experts;
        """);

    [Fact]
    public Task KG0011_values_without_a_name() => Verify("""
        [KernelGen.MoeGate(Experts = 8, TopK = 2, {|KG0011:Scoring = (KernelGen.GateScoring)7|})]
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32,
            {|KG0011:Activation = (KernelGen.MoeActivation)(-1)|}, {|KG0011:WeightType = (KernelGen.DType)99|})]
        static partial class Both;
        """);

    [Theory]
    [InlineData("SwigluClamp", "-1f")]
    [InlineData("SwigluClamp", "0")]
    [InlineData("SwigluClamp", "float.NaN")]
    [InlineData("SwigluClamp", "float.PositiveInfinity")]
    [InlineData("SwigluOai", "7")]
    [InlineData("SiluAndMul", "float.NaN")]
    public Task KG0015_activation_limit(string activation, string limit) => Verify($$"""
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, Activation = KernelGen.MoeActivation.{{activation}}, {|KG0015:ActivationLimit = {{limit}}|})]
        static partial class Experts;
        """);

    [Fact]
    public Task KG0015_activation_limit_is_missing() => Verify("""
        [{|KG0015:KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, Activation = KernelGen.MoeActivation.SwigluClamp)|}]
        static partial class Experts;
        """);

    [Fact]
    public Task KG0012_language_is_too_old() => Verify(
        """
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        static partial class {|KG0012:Gates|} { }
        """,
        new Consumer.Settings(Language: LanguageVersion.CSharp11));

    [Fact]
    public Task KG0013_runtime_is_not_referenced() => Verify(
        """
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        static partial class {|KG0013:Gates|};
        """,
        new Consumer.Settings(ReferenceRuntime: false));

    [Theory]
    [InlineData("MoeGate(Experts = 8, TopK = 2)", "Route")]
    [InlineData("MoeGate(Experts = 8, TopK = 2)", "Select")]
    [InlineData("OmniRouter(ExpertsPerAxis = 48, TopK = 2)", "Route")]
    [InlineData("OmniRouter(ExpertsPerAxis = 48, TopK = 2)", "RouteBackward")]
    [InlineData("OmniExperts(ExpertsPerAxis = 48, TopK = 2, HiddenSize = 64)", "Backward")]
    [InlineData("MoeGate(Experts = 8, TopK = 2, HashTable = true)", "RouteByTable")]
    [InlineData("FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32)", "Forward")]
    public Task KG0014_class_is_named_like_an_added_method(string attribute, string name) => Verify($$"""
        [KernelGen.{{attribute}}]
        static partial class {|KG0014:{{name}}|};
        """);

    [Theory]
    [InlineData("CorrectionBias = true")]
    [InlineData("Groups = 2")]
    [InlineData("SharedExperts = 1")]
    public Task KG0016_hash_table_beside_a_selection(string other) => Verify($$"""
        [KernelGen.MoeGate(Experts = 8, TopK = 2, {{other}}, {|KG0016:HashTable = true|})]
        static partial class Gates;
        """);

    [Fact]
    public Task Several_mistakes_are_all_reported() => Verify("""
        [KernelGen.MoeGate({|KG0003:Experts = 5000|}, {|KG0003:TopK = 0|}, {|KG0011:Scoring = (KernelGen.GateScoring)5|})]
        static class {|KG0001:Gates|};
        """);

    [Fact]
    public Task Pragma_silences() => Verify("""
        #pragma warning disable KG0004
        [KernelGen.MoeGate(Experts = 8, TopK = 9)]
        static partial class Gates;
        """);

    [Fact]
    public Task Right_declarations_have_no_diagnostic() => Verify("""
        [KernelGen.MoeGate(Experts = 64, TopK = 8, Groups = 8, TopKGroups = 4)]
        [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, SplitK = new[] { 1, 32 })]
        static partial class Both;
        """);

    [Fact]
    public void A_wrong_attribute_does_not_take_the_right_ones_with_it()
    {
        var files = Consumer.Of("""
            [KernelGen.MoeGate(Experts = 8, TopK = 9)]
            [KernelGen.MoeGate(Experts = 8, TopK = 2)]
            [KernelGen.MoeGate(Experts = 8, TopK = 2, Renormalize = false)]
            [KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, SplitK = new[] { 2, 99 })]
            public static partial class Both;
            """).Generate().AssertCompiles().Files;
        Assert.Equal(
            ["Both.FusedMoe.g.cs", "Both.MoeGate.g.cs", "Both.fusedmoe_silu_e8_k2_h64_i32_f32_splitk2_cpu.g.cs", "Both.moegate_softmax_e8_k2_f32_cpu.g.cs"],
            files.Keys.Where(name => !name.Contains(".Vector")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_message_has_the_numbers()
    {
        var diagnostic = Assert.Single(await Consumer.Of("[KernelGen.MoeGate(Experts = 8, TopK = 9)] static partial class Gates;").Analyze());
        Assert.Equal("TopK is 9, but there are only 8 experts", diagnostic.GetMessage());
    }

    private static Task Verify(string marked) => Verify(marked, new Consumer.Settings());

    private static async Task Verify(string marked, Consumer.Settings settings)
    {
        var (source, expected) = Marked.Parse(marked);
        var consumer = Consumer.Of(settings, source);
        Assert.DoesNotContain(consumer.Compilation.GetDiagnostics(), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        var actual = (await consumer.Analyze()).Where(diagnostic => !diagnostic.IsSuppressed).Select(diagnostic => (diagnostic.Id, diagnostic.Location.SourceSpan));
        Assert.Equal(
            expected.Select(Describe).Order(StringComparer.Ordinal),
            actual.Select(Describe).Order(StringComparer.Ordinal));

        var errors = consumer.Generate().Compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Assert.Empty(errors);

        string Describe((string Id, Microsoft.CodeAnalysis.Text.TextSpan Span) found) => $"{found.Id} at {found.Span.Start}: {source.Substring(found.Span.Start, found.Span.Length)}";
    }
}
