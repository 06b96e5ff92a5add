namespace KernelGen.Tests;

/// <summary>Every kind of kernel compiles without a warning, at the edges of what can be declared too.</summary>
public sealed class EmittedKernelTests
{
    [Theory]
    [InlineData("MoeGate(Experts = 1, TopK = 1)")]
    [InlineData("MoeGate(Experts = 2, TopK = 2, Renormalize = false, Scoring = GateScoring.Sigmoid)")]
    [InlineData("MoeGate(Experts = 7, TopK = 3, CorrectionBias = true)")]
    [InlineData("MoeGate(Experts = 60, TopK = 4, Renormalize = false)")]
    [InlineData("MoeGate(Experts = 160, TopK = 6, Groups = 8, TopKGroups = 3)")]
    [InlineData("MoeGate(Experts = 256, TopK = 8, Groups = 8, TopKGroups = 4, Scoring = GateScoring.Sigmoid, CorrectionBias = true)")]
    [InlineData("MoeGate(Experts = 384, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Renormalize = false)")]
    [InlineData("MoeGate(Experts = 256, TopK = 64, Groups = 256, TopKGroups = 100)")]
    [InlineData("MoeGate(Experts = 4096, TopK = 64)")]
    [InlineData("MoeGate(Experts = 8, TopK = 2, Specialize = false)")]
    [InlineData("MoeGate(Experts = 64, TopK = 6, Groups = 8, TopKGroups = 4, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Specialize = false)")]
    [InlineData("MoeGate(Experts = 257, TopK = 7, Scoring = GateScoring.SqrtSoftplus, CorrectionBias = true, LogitsType = DType.BFloat16, SharedExperts = 1)")]
    [InlineData("MoeGate(Experts = 8, TopK = 4, LogitsType = DType.Float16, SharedExperts = 2, Renormalize = false)")]
    [InlineData("MoeGate(Experts = 65, TopK = 6, HashTable = true, Renormalize = false)")]
    [InlineData("MoeGate(Experts = 64, TopK = 6, Scoring = GateScoring.SqrtSoftplus, LogitsType = DType.Float16, HashTable = true, Specialize = false)")]
    [InlineData("MoeGate(Experts = 64, TopK = 6, Scoring = GateScoring.SqrtSoftplus, LogitsType = DType.BFloat16, SharedExperts = 1, Specialize = false)")]
    [InlineData("FusedMoe(Experts = 1, TopK = 1, HiddenSize = 1, IntermediateSize = 1)")]
    [InlineData("FusedMoe(Experts = 3, TopK = 2, HiddenSize = 5, IntermediateSize = 3, SplitK = new[] { 1, 3 })")]
    [InlineData("FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = 1792, WeightType = DType.BFloat16, SplitK = new[] { 1, 4 })")]
    [InlineData("FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 96, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 32, ZeroPoints = true, SplitK = new[] { 1, 4 })")]
    [InlineData("FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 96, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)")]
    [InlineData("FusedMoe(Experts = 4096, TopK = 64, HiddenSize = 65536, IntermediateSize = 65536, SplitK = new[] { 64 })")]
    [InlineData("FusedMoe(Experts = 8, TopK = 2, HiddenSize = 100, IntermediateSize = 52, WeightType = DType.BFloat16, SplitK = new[] { 1, 2 }, Specialize = false)")]
    [InlineData("OmniRouter(ExpertsPerAxis = 1, TopK = 1)")]
    [InlineData("OmniRouter(ExpertsPerAxis = 3, TopK = 9)")]
    [InlineData("OmniRouter(ExpertsPerAxis = 256, TopK = 16)")]
    [InlineData("OmniRouter(ExpertsPerAxis = 4096, TopK = 128)")]
    [InlineData("OmniRouter(ExpertsPerAxis = 48, TopK = 8, Specialize = false)")]
    [InlineData("OmniExperts(ExpertsPerAxis = 1, TopK = 1, HiddenSize = 1)")]
    [InlineData("OmniExperts(ExpertsPerAxis = 256, TopK = 16, HiddenSize = 1024)")]
    [InlineData("OmniExperts(ExpertsPerAxis = 4096, TopK = 128, HiddenSize = 65536)")]
    [InlineData("OmniExperts(ExpertsPerAxis = 48, TopK = 8, HiddenSize = 100, Specialize = false)")]
    public void Compiles_without_a_warning(string attribute) =>
        Consumer.Of($"using KernelGen; [{attribute}] internal static partial class Kernels;").Generate().AssertCompiles();
}
