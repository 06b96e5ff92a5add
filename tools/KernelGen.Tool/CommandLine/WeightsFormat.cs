namespace KernelGen.Tool;

/// <summary>What a word after <c>--weights</c> stands for.</summary>
/// <param name="Type">Type of a weight.</param>
/// <param name="Quantization">Which weights share a scale.</param>
/// <param name="GroupSize">Weights of a group, or 0.</param>
/// <param name="Inputs">How the inputs of the products are rounded.</param>
internal readonly record struct WeightsFormat(DType Type, WeightQuantization Quantization = WeightQuantization.None, int GroupSize = 0, ActivationQuantization Inputs = ActivationQuantization.None)
{
    /// <summary>The words.</summary>
    public static (string Word, WeightsFormat Format)[] Words { get; } =
    [
        ("bf16", new(DType.BFloat16)),
        ("f32", new(DType.Float32)),
        ("f16", new(DType.Float16)),
        ("fp8", new(DType.Float8E4M3, WeightQuantization.Block128)),
        ("int8", new(DType.Int8, WeightQuantization.Channel)),
        ("fp8_w8a8", new(DType.Float8E4M3, WeightQuantization.Block128, Inputs: ActivationQuantization.DynamicGroup128)),
        ("int8_w8a8", new(DType.Int8, WeightQuantization.Channel, Inputs: ActivationQuantization.DynamicToken)),
        ("int4", new(DType.Int4, WeightQuantization.Group, 128)),
    ];
}
