namespace KernelGen.Tests;

/// <summary>What users of the library read when they go to the definition of <c>Route</c> or <c>Forward</c>.</summary>
public sealed class DispatcherSnapshotTests
{
    [Fact]
    public void Gates() => Verify("Models.Gates.MoeGate.g.cs", """
        using KernelGen;

        namespace Models;

        [MoeGate(Experts = 384, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true)]
        [MoeGate(Experts = 256, TopK = 8, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Groups = 8, TopKGroups = 4)]
        [MoeGate(Experts = 8, TopK = 2)]
        public static partial class Gates;
        """);

    [Fact]
    public void Gates_of_every_kind() => Verify("DeepSeekV4Gates.MoeGate.g.cs", """
        using KernelGen;

        [MoeGate(Experts = 256, TopK = 7, Scoring = GateScoring.SqrtSoftplus, CorrectionBias = true, LogitsType = DType.BFloat16, SharedExperts = 1)]
        [MoeGate(Experts = 256, TopK = 6, Scoring = GateScoring.SqrtSoftplus, LogitsType = DType.Float16, HashTable = true)]
        public static partial class DeepSeekV4Gates;
        """);

    [Fact]
    public void Experts() => Verify("Qwen3Experts.FusedMoe.g.cs", """
        using KernelGen;

        [FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.BFloat16, SplitK = new[] { 1, 4, 8 })]
        [FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768)]
        public static partial class Qwen3Experts;
        """);

    [Fact]
    public void Quantized_experts() => Verify("Quantized.FusedMoe.g.cs", """
        using KernelGen;

        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 128)]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 32, ZeroPoints = true)]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Float16)]
        public static partial class Quantized;
        """);

    [Fact]
    public void Quantized_activations() => Verify("W8A8.FusedMoe.g.cs", """
        using KernelGen;

        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Int8, Quantization = WeightQuantization.Channel, ActivationQuantization = ActivationQuantization.DynamicToken)]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Tensor, ActivationQuantization = ActivationQuantization.StaticTensor)]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128, ActivationQuantization = ActivationQuantization.DynamicGroup128)]
        public static partial class W8A8;
        """);

    [Fact]
    public void Omni_routers() => Verify("Omni.OmniRouter.g.cs", """
        using KernelGen;

        [OmniRouter(ExpertsPerAxis = 256, TopK = 16)]
        [OmniRouter(ExpertsPerAxis = 48, TopK = 8)]
        public static partial class Omni;
        """);

    [Fact]
    public void Entry_of_a_variant_with_a_backward_pass() => Verify("Omni.omnirouter_n48_k8_f32_cpu.g.cs", """
        [KernelGen.OmniRouter(ExpertsPerAxis = 48, TopK = 8)]
        public static partial class Omni;
        """);

    [Fact]
    public void Omni_experts() => Verify("OmniExperts.OmniExperts.g.cs", """
        using KernelGen;

        [OmniExperts(ExpertsPerAxis = 256, TopK = 16, HiddenSize = 1024)]
        public static partial class OmniExperts;
        """);

    [Theory]
    [InlineData("Outer+Layer.FusedMoe.g.cs")]
    [InlineData("Outer+Layer.MoeGate.g.cs")]
    public void Both_families_on_a_nested_class(string file) => Verify(file, """
        using KernelGen;

        public partial record struct Outer
        {
            [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32)]
            [MoeGate(Experts = 8, TopK = 2)]
            private sealed partial class Layer;
        }
        """);

    [Fact]
    public void Entry_of_a_variant() => Verify("Gates.moegate_softmax_e8_k2_f32_cpu.g.cs", """
        [KernelGen.MoeGate(Experts = 8, TopK = 2)]
        public static partial class Gates;
        """);

    private static void Verify(string file, string source)
    {
        var project = Consumer.Of(source).Generate();
        Assert.Contains(file, project.Files.Keys);
        Snapshot.Verify(file, project.Files[file]);
    }
}
