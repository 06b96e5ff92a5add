using KernelGen.HuggingFace;

namespace KernelGen.Tool;

/// <summary>The meaning of a word after <c>--weights</c>.</summary>
/// <param name="Weights">How weights are stored.</param>
/// <param name="RoundsInputs">Whether the GEMM inputs are quantised to the weight type (w8a8).</param>
internal readonly record struct WeightsFormat(ExpertFormat Weights, bool RoundsInputs = false)
{
    /// <summary>The words.</summary>
    public static (string Word, WeightsFormat Format)[] Words { get; } =
    [
        ("bf16", new(new(DType.BFloat16))),
        ("f32", new(new(DType.Float32))),
        ("f16", new(new(DType.Float16))),
        ("fp8", new(new(DType.Float8E4M3, WeightQuantization.Block128))),
        ("int8", new(new(DType.Int8, WeightQuantization.Channel))),
        ("int4", new(new(DType.Int4, WeightQuantization.Group, 128))),
        ("fp8_w8a8", new(new(DType.Float8E4M3, WeightQuantization.Block128), RoundsInputs: true)),
        ("int8_w8a8", new(new(DType.Int8, WeightQuantization.Channel), RoundsInputs: true)),
    ];

    /// <summary>How the inputs are quantised, as the weights' scales determine.</summary>
    public ActivationQuantization Inputs => !RoundsInputs ? ActivationQuantization.None : Weights.Quantization switch
    {
        WeightQuantization.Tensor => ActivationQuantization.DynamicTensor,
        WeightQuantization.Block128 => ActivationQuantization.DynamicGroup128,
        _ => ActivationQuantization.DynamicToken,
    };
}
