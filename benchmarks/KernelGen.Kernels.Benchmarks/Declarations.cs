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
