using KernelGen;

namespace Quickstart;

// Each attribute declares a kernel. The generator emits it when this project compiles, and adds Route and Forward,
// which select among a class's kernels by the shapes of their arguments.

[MoeGate(Experts = 8, TopK = 2)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 128, IntermediateSize = 96, WeightType = DType.BFloat16)]
public static partial class Mixtral;

[MoeGate(Experts = 32, TopK = 8)]
[FusedMoe(Experts = 32, TopK = 8, HiddenSize = 128, IntermediateSize = 96, WeightType = DType.BFloat16)]
public static partial class Qwen3;

/// <summary>In addition to its routed experts, every token has a shared one.</summary>
[MoeGate(Experts = 32, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Groups = 4, TopKGroups = 2)]
[FusedMoe(Experts = 32, TopK = 6, HiddenSize = 128, IntermediateSize = 96, WeightType = DType.BFloat16)]
[FusedMoe(Experts = 1, TopK = 1, HiddenSize = 128, IntermediateSize = 96, WeightType = DType.BFloat16)]
public static partial class DeepSeek;

/// <summary>Layers large enough for meaningful measurements, and the gate of Kimi K2.</summary>
[MoeGate(Experts = 384, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = 1792)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = 1792, WeightType = DType.BFloat16)]
public static partial class Large;

/// <summary>The same kernels unspecialised: the templates with only their constants filled in.</summary>
[MoeGate(Experts = 384, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Specialize = false)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 128, IntermediateSize = 96, WeightType = DType.BFloat16, Specialize = false)]
[FusedMoe(Experts = 32, TopK = 8, HiddenSize = 128, IntermediateSize = 96, WeightType = DType.BFloat16, Specialize = false)]
[FusedMoe(Experts = 32, TopK = 6, HiddenSize = 128, IntermediateSize = 96, WeightType = DType.BFloat16, Specialize = false)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = 1792, Specialize = false)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 1024, IntermediateSize = 1792, WeightType = DType.BFloat16, Specialize = false)]
public static partial class Unspecialized;
