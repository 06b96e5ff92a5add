using KernelGen;

namespace QuantizedMoe;

/// <summary>The same layer with 8-bit float, 8-bit integer and 4-bit weights: the weight type passed to <c>Forward</c> selects the kernel.</summary>
[FusedMoe(Experts = 4, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)]
[FusedMoe(Experts = 4, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Int8, Quantization = WeightQuantization.Channel)]
[FusedMoe(Experts = 4, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 32)]
public static partial class Layers;
