namespace KernelGen.Ilgpu.Benchmarks;

[MoeGate(Experts = 384, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true)] // Kimi K2
[MoeGate(Experts = 256, TopK = 8, Scoring = GateScoring.Sigmoid, CorrectionBias = true)] // MiMo V2 Flash
[MoeGate(Experts = 128, TopK = 8)] // Qwen3
[MoeGate(Experts = 8, TopK = 2)] // Mixtral
public static partial class Gates;

[MoeGate(Experts = 256, TopK = 8, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Groups = 8, TopKGroups = 4)] // DeepSeek V3
public static partial class GroupedGates;

[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 4096, IntermediateSize = 7168, WeightType = DType.BFloat16)] // Mixtral 8x7B, two shards
[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.BFloat16)] // Qwen3 30B-A3B
[FusedMoe(Experts = 256, TopK = 8, HiddenSize = 7168, IntermediateSize = 256, WeightType = DType.BFloat16)] // DeepSeek V3, eight shards
public static partial class Experts;

[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 4096, IntermediateSize = 3584, WeightType = DType.BFloat16, SplitK = new[] { 1, 2, 4, 8 })]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 8192, IntermediateSize = 3584, WeightType = DType.BFloat16, SplitK = new[] { 1, 2, 4, 8 })]
public static partial class Sliced;

[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 4096, IntermediateSize = 7168, WeightType = DType.Float16)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 4096, IntermediateSize = 7168, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 4096, IntermediateSize = 7168, WeightType = DType.Int8, Quantization = WeightQuantization.Channel)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 4096, IntermediateSize = 7168, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 128)]
[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.Float16)]
[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)]
[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.Int8, Quantization = WeightQuantization.Channel)]
[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 128)]
[FusedMoe(Experts = 256, TopK = 8, HiddenSize = 7168, IntermediateSize = 256, WeightType = DType.Float16)]
[FusedMoe(Experts = 256, TopK = 8, HiddenSize = 7168, IntermediateSize = 256, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)]
[FusedMoe(Experts = 256, TopK = 8, HiddenSize = 7168, IntermediateSize = 256, WeightType = DType.Int8, Quantization = WeightQuantization.Channel)]
[FusedMoe(Experts = 256, TopK = 8, HiddenSize = 7168, IntermediateSize = 256, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 128)]
public static partial class NarrowExperts;

[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 4096, IntermediateSize = 7168, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128, ActivationQuantization = ActivationQuantization.DynamicGroup128)]
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 4096, IntermediateSize = 7168, WeightType = DType.Int8, Quantization = WeightQuantization.Channel, ActivationQuantization = ActivationQuantization.DynamicToken)]
[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128, ActivationQuantization = ActivationQuantization.DynamicGroup128)]
[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.Int8, Quantization = WeightQuantization.Channel, ActivationQuantization = ActivationQuantization.DynamicToken)]
[FusedMoe(Experts = 256, TopK = 8, HiddenSize = 7168, IntermediateSize = 256, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128, ActivationQuantization = ActivationQuantization.DynamicGroup128)]
[FusedMoe(Experts = 256, TopK = 8, HiddenSize = 7168, IntermediateSize = 256, WeightType = DType.Int8, Quantization = WeightQuantization.Channel, ActivationQuantization = ActivationQuantization.DynamicToken)]
public static partial class ByteExperts;

[OmniRouter(ExpertsPerAxis = 32, TopK = 8)]
[OmniRouter(ExpertsPerAxis = 48, TopK = 8)]
[OmniRouter(ExpertsPerAxis = 64, TopK = 16)]
[OmniRouter(ExpertsPerAxis = 100, TopK = 16)]
[OmniRouter(ExpertsPerAxis = 256, TopK = 16)]
[OmniRouter(ExpertsPerAxis = 256, TopK = 128)]
[OmniRouter(ExpertsPerAxis = 1024, TopK = 16)]
public static partial class Omni;

[OmniExperts(ExpertsPerAxis = 64, TopK = 16, HiddenSize = 1024)]
[OmniExperts(ExpertsPerAxis = 128, TopK = 16, HiddenSize = 1024)]
public static partial class Neurons;
