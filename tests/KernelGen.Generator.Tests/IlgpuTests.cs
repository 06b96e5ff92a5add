using Microsoft.CodeAnalysis;

namespace KernelGen.Tests;

/// <summary>What is generated beside the CPU's code for a project that references ILGPU.</summary>
public sealed class IlgpuTests
{
    private const string Gates = """
        using KernelGen;

        [MoeGate(Experts = 384, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true)]
        [MoeGate(Experts = 64, TopK = 6, HashTable = true, LogitsType = DType.BFloat16)]
        public static partial class Gates;
        """;

    private static readonly Consumer.Settings WithIlgpu = new(ReferenceIlgpu: true);

    [Fact]
    public void A_project_without_ILGPU_gets_nothing_for_it() =>
        Assert.DoesNotContain(Consumer.Of(Gates).Generate().AssertCompiles().Files, file => file.Key.Contains("lgpu") || file.Value.Contains("ILGPU"));

    [Fact]
    public void A_project_with_ILGPU_gets_its_files_beside_the_same_others()
    {
        var without = Consumer.Of(Gates).Generate().Files;
        var with = Consumer.Of(WithIlgpu, Gates).Generate().AssertCompiles().Files;
        Assert.All(without, file => Assert.Equal(file.Value, with[file.Key]));
        Assert.Equal(
            [
                "Gates.MoeGate.Ilgpu.g.cs",
                "Gates.moegate_sigmoid_bias_e384_k6_f32_ilgpu.Kernel.g.cs",
                "Gates.moegate_sigmoid_bias_e384_k6_f32_ilgpu.g.cs",
                "Gates.moegate_softmax_table_e64_k6_bf16_ilgpu.Kernel.g.cs",
                "Gates.moegate_softmax_table_e64_k6_bf16_ilgpu.g.cs",
            ],
            with.Keys.Except(without.Keys).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Gates.MoeGate.Ilgpu.g.cs")]
    [InlineData("Gates.moegate_sigmoid_bias_e384_k6_f32_ilgpu.g.cs")]
    [InlineData("Gates.moegate_sigmoid_bias_e384_k6_f32_ilgpu.Kernel.g.cs")]
    public void Files_are_as_reviewed(string file) => Snapshot.Verify(file, Consumer.Of(WithIlgpu, Gates).Generate().Files[file]);

    [Theory]
    [InlineData("Experts = 8, TopK = 2")]
    [InlineData("Experts = 31, TopK = 4, Renormalize = false, LogitsType = DType.Float16")]
    [InlineData("Experts = 512, TopK = 10, CorrectionBias = true")]
    [InlineData("Experts = 256, TopK = 9, Groups = 8, TopKGroups = 4, Scoring = GateScoring.Sigmoid, CorrectionBias = true, SharedExperts = 1")]
    [InlineData("Experts = 264, TopK = 4, Groups = 66, TopKGroups = 5, Scoring = GateScoring.Sigmoid, CorrectionBias = true")]
    [InlineData("Experts = 256, TopK = 6, Scoring = GateScoring.SqrtSoftplus, HashTable = true")]
    [InlineData("Experts = 4096, TopK = 64")]
    [InlineData("Experts = 8, TopK = 2, Specialize = false")]
    public void Every_kind_of_gate_compiles_without_a_warning(string arguments) =>
        Consumer.Of(WithIlgpu, $"using KernelGen; [MoeGate({arguments})] internal static partial class Kernels;").Generate().AssertCompiles();

    [Fact]
    public void Tensor_core_kernels_of_many_experts_fit_one_assembly()
    {
        // All string literals of an assembly may have 16 MiB; the PTX of these has more.
        var declarations = Enumerable.Range(1, 12).Select(i =>
            $"[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = {128 * i}, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)]");
        var project = Consumer.Of(WithIlgpu, $"using KernelGen; {string.Join(' ', declarations)} public static partial class Experts;").Generate();
        Assert.InRange(project.Files.Where(file => file.Key.EndsWith(".Ptx.g.cs", StringComparison.Ordinal)).Sum(file => file.Value.Length), 1 << 23, int.MaxValue);
        using var assembly = new MemoryStream();
        var emitted = project.Compilation.Emit(assembly, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)));
    }

    [Theory]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.BFloat16, SplitK = new[] { 1, 2 }")]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 33, IntermediateSize = 21, WeightType = DType.Float16, Activation = MoeActivation.SwigluOai, Bias = true")]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 96, Activation = MoeActivation.Relu2, RouterWeightOnInput = true")]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 160, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128, ActivationQuantization = ActivationQuantization.DynamicGroup128, Activation = MoeActivation.GeluAndMul")]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 160, WeightType = DType.Int8, Quantization = WeightQuantization.Channel, ActivationQuantization = ActivationQuantization.DynamicToken, SplitK = new[] { 2 }")]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128, ActivationQuantization = ActivationQuantization.DynamicGroup128, Bias = true")]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 128, IntermediateSize = 256, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Tensor, ActivationQuantization = ActivationQuantization.StaticTensor, Activation = MoeActivation.Silu")]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 128, IntermediateSize = 1024, WeightType = DType.Int8, Quantization = WeightQuantization.Channel, ActivationQuantization = ActivationQuantization.DynamicToken, SplitK = new[] { 1, 2 }")]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 32, ZeroPoints = true")]
    [InlineData("Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, Specialize = false")]
    public void Every_kind_of_experts_compiles_without_a_warning(string arguments) =>
        Consumer.Of(WithIlgpu, $"using KernelGen; [FusedMoe({arguments})] internal static partial class Kernels;").Generate().AssertCompiles();

    [Theory]
    [InlineData("Experts.FusedMoe.Ilgpu.g.cs")]
    [InlineData("Experts.fusedmoe_silu_e8_k2_h256_i160_bf16_ilgpu.g.cs")]
    [InlineData("Experts.fusedmoe_swiglu_oai_e8_k2_h256_i160_int4g32_bias_ilgpu.g.cs")]
    [InlineData("Experts.fusedmoe_swiglu_oai_e8_k2_h256_i160_int4g32_bias_ilgpu.Kernel.g.cs")]
    public void Files_of_experts_are_as_reviewed(string file) => Snapshot.Verify(file, Consumer.Of(WithIlgpu, """
        using KernelGen;

        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 160, WeightType = DType.BFloat16)]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 160, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 32,
            Activation = MoeActivation.SwigluOai, Bias = true)]
        public static partial class Experts;
        """).Generate().Files[file]);
}
