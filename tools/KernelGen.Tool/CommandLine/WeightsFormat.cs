using KernelGen.HuggingFace;

namespace KernelGen.Tool;

/// <summary>What the words after <c>--weights</c> stand for.</summary>
internal static class WeightsFormat
{
    /// <summary>The words.</summary>
    public static (string Word, ExpertFormat Format)[] Words { get; } =
    [
        ("bf16", new(DType.BFloat16)),
        ("f32", new(DType.Float32)),
        ("f16", new(DType.Float16)),
        ("fp8", new(DType.Float8E4M3, WeightQuantization.Block128)),
        ("int8", new(DType.Int8, WeightQuantization.Channel)),
        ("int4", new(DType.Int4, WeightQuantization.Group, 128)),
    ];
}
