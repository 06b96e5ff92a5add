using System.Globalization;

namespace KernelGen.Compiler.Families;

/// <summary>The weight formats of experts: supported combinations of type, scales and input quantisation, and their names.</summary>
internal static class WeightFormat
{
    /// <summary>Groups are whole vectors of pairs at the widest.</summary>
    private const int GroupUnit = 32;

    /// <summary>The C# type of a stored weight in a template that uses <c>KernelGen</c> and <c>System</c>.</summary>
    public static string TypeName(DType type) => type switch
    {
        DType.Float16 => "Half",
        DType.BFloat16 => "BFloat16",
        DType.Float8E4M3 => "Float8E4M3",
        DType.Int8 => "sbyte",
        DType.Int4 => "Int4Pair",
        _ => "float",
    };

    /// <summary>The format's part of a variant name, such as <c>fp8block</c>, <c>int4g128</c> or <c>int8_w8a8</c>.</summary>
    public static string Name(FusedMoeSpec spec)
    {
        var type = spec.WeightType switch
        {
            DType.Float32 => "f32",
            DType.Float16 => "f16",
            DType.BFloat16 => "bf16",
            DType.Float8E4M3 => "fp8",
            DType.Int8 => "int8",
            DType.Int4 => "int4",
            _ => ((int)spec.WeightType).ToString(CultureInfo.InvariantCulture),
        };
        var scales = spec.Quantization switch
        {
            WeightQuantization.Channel when spec.WeightType == DType.Float8E4M3 => "channel",
            WeightQuantization.Block128 => "block",
            WeightQuantization.Group => $"g{spec.GroupSize}",
            _ => "",
        };
        var inputs = spec.ActivationQuantization switch
        {
            ActivationQuantization.None => "",
            ActivationQuantization.StaticTensor => "_w8a8static",
            _ => "_w8a8", // the weights determine the kind of scales
        };
        return type + scales + (spec.ZeroPoints ? "zp" : "") + inputs;
    }

    /// <summary>The attribute's arguments that say how weights and inputs are quantised.</summary>
    public static string Declaration(FusedMoeSpec spec)
    {
        if (spec.Quantization == WeightQuantization.None) return "";
        var groupSize = spec.GroupSize == 0 ? "" : $", GroupSize = {spec.GroupSize}";
        var zeroPoints = spec.ZeroPoints ? ", ZeroPoints = true" : "";
        var inputs = spec.ActivationQuantization == ActivationQuantization.None ? "" : $", ActivationQuantization = ActivationQuantization.{spec.ActivationQuantization}";
        return $", Quantization = WeightQuantization.{spec.Quantization}{groupSize}{zeroPoints}{inputs}";
    }

    /// <summary>The problem of a combination of individually valid values, or null.</summary>
    public static SpecProblem? Validate(FusedMoeSpec spec)
    {
        var allowed = Allowed(spec.WeightType);
        if (!allowed.Contains(spec.Quantization))
        {
            return Problem(
                $"WeightType {spec.WeightType} has no CPU kernel with Quantization {spec.Quantization}; supported: {string.Join(" or ", allowed)}",
                spec.Quantization == WeightQuantization.None ? nameof(spec.WeightType) : nameof(spec.Quantization));
        }

        if (spec.Quantization == WeightQuantization.Group && (spec.GroupSize < GroupUnit || spec.GroupSize % GroupUnit != 0 || spec.GroupSize > SpecLimits.Width))
            return Problem($"GroupSize is {spec.GroupSize}; it must be a multiple of {GroupUnit} up to {SpecLimits.Width}", nameof(spec.GroupSize));
        if (spec.Quantization != WeightQuantization.Group && spec.GroupSize != 0)
            return Problem($"GroupSize is {spec.GroupSize}, but Quantization {spec.Quantization} has no groups", nameof(spec.GroupSize));
        if (spec.Quantization != WeightQuantization.Group && spec.ZeroPoints)
            return Problem($"ZeroPoints require Quantization Group; Quantization is {spec.Quantization}", nameof(spec.ZeroPoints));
        if (spec.WeightType == DType.Int4) return Even(nameof(spec.HiddenSize), spec.HiddenSize) ?? Even(nameof(spec.IntermediateSize), spec.IntermediateSize) ?? ValidateInputs(spec);
        return ValidateInputs(spec);
    }

    private static SpecProblem? ValidateInputs(FusedMoeSpec spec)
    {
        var allowed = AllowedInputs(spec);
        return allowed.Contains(spec.ActivationQuantization)
            ? null
            : Problem(
                $"WeightType {spec.WeightType} with Quantization {spec.Quantization} has no CPU kernel with ActivationQuantization {spec.ActivationQuantization}; supported: {string.Join(" or ", allowed)}",
                nameof(spec.ActivationQuantization));
    }

    private static ActivationQuantization[] AllowedInputs(FusedMoeSpec spec) => (spec.WeightType, spec.Quantization) switch
    {
        (DType.Float8E4M3, WeightQuantization.Tensor) => [ActivationQuantization.None, ActivationQuantization.StaticTensor, ActivationQuantization.DynamicTensor],
        (DType.Float8E4M3 or DType.Int8, WeightQuantization.Channel) => [ActivationQuantization.None, ActivationQuantization.DynamicToken],
        (DType.Float8E4M3, WeightQuantization.Block128) => [ActivationQuantization.None, ActivationQuantization.DynamicGroup128],
        _ => [ActivationQuantization.None],
    };

    private static WeightQuantization[] Allowed(DType type) => type switch
    {
        DType.Float8E4M3 => [WeightQuantization.Tensor, WeightQuantization.Channel, WeightQuantization.Block128],
        DType.Int8 => [WeightQuantization.Channel, WeightQuantization.Group],
        DType.Int4 => [WeightQuantization.Group],
        _ => [WeightQuantization.None],
    };

    private static SpecProblem? Even(string argument, int width) => width % 2 == 0
        ? null
        : Problem($"{argument} is {width}, but Int4 weights are stored in pairs, so it must be even", argument);

    private static SpecProblem Problem(string message, string argument) => new("KG0007", message, argument);
}
