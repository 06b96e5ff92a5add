namespace KernelGen.Kernels.Benchmarks;

[MoeGate(Experts = 384, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true)]
[MoeGate(Experts = 128, TopK = 8)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = 1792)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = 1792, WeightType = DType.BFloat16)]
public static partial class Specialized;

[MoeGate(Experts = 384, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Specialize = false)]
[MoeGate(Experts = 128, TopK = 8, Specialize = false)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = 1792, Specialize = false)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = 1792, WeightType = DType.BFloat16, Specialize = false)]
public static partial class Unspecialized;

/// <summary>Layers so small that a call is little more than its overhead.</summary>
[MoeGate(Experts = 64, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 48, SplitK = [1, 2])]
[OmniRouter(ExpertsPerAxis = 48, TopK = 8)]
[OmniExperts(ExpertsPerAxis = 16, TopK = 8, HiddenSize = 64)]
public static partial class Small;
