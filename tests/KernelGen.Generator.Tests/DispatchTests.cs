using System.Reflection;

namespace KernelGen.Tests;

/// <summary>The emitted dispatchers, run: which variant they choose and what they say when there is none.</summary>
public sealed class DispatchTests
{
    private static readonly Type Kernels = Consumer.Of("""
        using KernelGen;

        namespace Models;

        [MoeGate(Experts = 8, TopK = 2)]
        [MoeGate(Experts = 8, TopK = 2, CorrectionBias = true, Scoring = GateScoring.Sigmoid)]
        [MoeGate(Experts = 16, TopK = 2, Renormalize = false)]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, SplitK = new[] { 1, 8, 4 })]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = DType.BFloat16)]
        public static partial class Kernels;
        """).Generate().Load().GetType("Models.Kernels")!;

    [Theory]
    [InlineData(8, 2, false, "moegate_softmax_e8_k2_f32_cpu")]
    [InlineData(8, 2, true, "moegate_sigmoid_bias_e8_k2_f32_cpu")]
    [InlineData(16, 2, false, "moegate_softmax_norenorm_e16_k2_f32_cpu")]
    public void Shapes_choose_the_gate(int experts, int topK, bool bias, string name) => Assert.Equal(name, Select(experts, topK, bias).Name);

    [Theory]
    [InlineData(DType.Float32, 1, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_splitk8_cpu")]
    [InlineData(DType.Float32, 4, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_splitk8_cpu")]
    [InlineData(DType.Float32, 5, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_splitk4_cpu")]
    [InlineData(DType.Float32, 9, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_cpu")]
    [InlineData(DType.Float32, 4096, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_cpu")]
    [InlineData(DType.Float32, 4096, 4, "fusedmoe_silu_e8_k2_h64_i32_f32_splitk4_cpu")]
    [InlineData(DType.BFloat16, 1, 0, "fusedmoe_silu_e8_k2_h64_i32_bf16_cpu")]
    public void Type_tokens_and_slices_choose_the_experts(DType type, int tokens, int splitK, string name) =>
        Assert.Equal(name, Select(8, 2, 64, 32, type, tokens, splitK).Name);

    [Fact]
    public void A_missing_gate_names_the_attribute_to_add_and_those_there_are()
    {
        var failure = Assert.Throws<KernelVariantNotFoundException>(() => Select(9, 2, true));
        Assert.Equal("[MoeGate(Experts = 9, TopK = 2, CorrectionBias = true)]", failure.MissingDeclaration);
        Assert.Equal(3, failure.Declared.Count);
        Assert.Contains("Models.Kernels has no kernel for these shapes", failure.Message);
        Assert.Contains("[MoeGate(Experts = 16, TopK = 2, Renormalize = false)]", failure.Message);
    }

    [Theory]
    [InlineData(DType.Float32, 2, "[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, SplitK = new[] { 2 })]")]
    [InlineData(DType.Float16, 0, "[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = DType.Float16)]")]
    public void Missing_experts_name_the_attribute_to_add(DType type, int splitK, string declaration)
    {
        var failure = Assert.Throws<KernelVariantNotFoundException>(() => Select(8, 2, 64, 32, type, 1, splitK));
        Assert.Equal(declaration, failure.MissingDeclaration);
        Assert.Equal(4, failure.Declared.Count);
    }

    private static KernelVariant Select(params object[] shapes)
    {
        var method = Kernels.GetMethod("Select", [.. shapes.Select(shape => shape.GetType())])!;
        try
        {
            return (KernelVariant)method.Invoke(null, shapes)!;
        }
        catch (TargetInvocationException wrapped)
        {
            throw wrapped.InnerException!;
        }
    }
}
