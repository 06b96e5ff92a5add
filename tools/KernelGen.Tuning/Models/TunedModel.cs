using KernelGen.Compiler.Families;
using KernelGen.HuggingFace;

namespace KernelGen.Tuning;

/// <summary>The subject of tuning: the experts of a rank.</summary>
/// <param name="Shape">Their sizes.</param>
/// <param name="Spec">Their untuned spec.</param>
public sealed record TunedModel(ShardedShape Shape, FusedMoeSpec Spec)
{
    private const int DefaultGroup = 128;

    /// <summary>The values of <c>--dtype</c> other than <c>auto</c>.</summary>
    public static IReadOnlyList<string> Types { get; } = ["fp8_w8a8", "int8_w8a16", "int8_w8a8", "int4_w4a16"];

    /// <summary>Creates the experts of a rank, stored as in the model or otherwise.</summary>
    /// <param name="shape">The rank's experts.</param>
    /// <param name="type">One of <see cref="Types"/>, or null for the model's own.</param>
    /// <param name="perChannel">Whether to use one scale per row of the weights, whatever the model has.</param>
    /// <exception cref="TuningException">No kernel supports that format.</exception>
    public static TunedModel Create(ShardedShape shape, string? type, bool perChannel)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var stored = shape.Whole.Format;
        var format = type is null || type == stored.Type ? stored : new ExpertShapeFormat(type);
        if (format.Type == "int4_w4a16" && format.BlockShape is null) format = format with { BlockShape = (0, DefaultGroup) };
        if (perChannel)
        {
            if (format.BlockShape is var (rows, columns))
                throw new TuningException($"{shape.Whole.Source}: scales are per block [{rows}, {columns}], so they cannot be per channel");
            format = format with { PerChannel = true };
        }

        var (weights, quantization, inputs) = Kernel(format, shape.Whole.Source);
        var spec = new FusedMoeSpec(
            shape.Experts, shape.Whole.TopK, shape.Whole.HiddenSize, shape.IntermediateSize, shape.Whole.Activation, weights,
            Quantization: quantization, GroupSize: quantization == WeightQuantization.Group ? format.BlockShape!.Value.Columns : 0)
        {
            ActivationQuantization = inputs,
        };
        var problems = spec.Validate();
        return problems.Count == 0 ? new TunedModel(shape, spec) : throw new TuningException($"{shape.Whole.Source}: {problems[0].Id}: {problems[0].Message}");
    }

    private static (DType Weights, WeightQuantization Quantization, ActivationQuantization Inputs) Kernel(ExpertShapeFormat format, string source) =>
        (format.Type, format.BlockShape, format.PerChannel) switch
        {
            ("float32", null, false) => (DType.Float32, WeightQuantization.None, ActivationQuantization.None),
            ("float16", null, false) => (DType.Float16, WeightQuantization.None, ActivationQuantization.None),
            ("bfloat16", null, false) => (DType.BFloat16, WeightQuantization.None, ActivationQuantization.None),
            ("fp8_w8a8", (128, 128), false) => (DType.Float8E4M3, WeightQuantization.Block128, ActivationQuantization.DynamicGroup128),
            ("fp8_w8a8", null, true) => (DType.Float8E4M3, WeightQuantization.Channel, ActivationQuantization.DynamicToken),
            ("fp8_w8a8", null, false) => (DType.Float8E4M3, WeightQuantization.Tensor, ActivationQuantization.DynamicTensor),
            ("int8_w8a8", null, _) => (DType.Int8, WeightQuantization.Channel, ActivationQuantization.DynamicToken),
            ("int8_w8a16", null, _) => (DType.Int8, WeightQuantization.Channel, ActivationQuantization.None),
            ("int8_w8a16", (0, _), false) => (DType.Int8, WeightQuantization.Group, ActivationQuantization.None),
            ("int4_w4a16", (0, _), false) => (DType.Int4, WeightQuantization.Group, ActivationQuantization.None),
            (var type, var block, var perChannel) => throw new TuningException(
                $"{source}: no kernel has {type} weights with {(block is var (rows, columns) ? $"scales of blocks [{rows}, {columns}]" : perChannel ? "scales of channels" : "one scale")}"),
        };
}
