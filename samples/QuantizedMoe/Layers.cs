using KernelGen;

namespace QuantizedMoe;

/// <summary>The same layer with weights of 8, 8 and 4 bits: the type of the weights given to <c>Forward</c> chooses.</summary>
[FusedMoe(Experts = 4, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)]
[FusedMoe(Experts = 4, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Int8, Quantization = WeightQuantization.Channel)]
[FusedMoe(Experts = 4, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 32)]
public static partial class Layers;
