namespace KernelGen.HuggingFace;

/// <summary>How a model's experts are stored, in the terms of tuning files.</summary>
/// <param name="Type"><c>fp8_w8a8</c>, <c>int8_w8a8</c>, <c>int8_w8a16</c>, <c>int4_w4a16</c>, <c>float32</c>, <c>float16</c> or <c>bfloat16</c>.</param>
/// <param name="BlockShape">Rows and columns of the weights that share a scale; 0 rows means one row. Null if scales are not per block.</param>
/// <param name="PerChannel">Whether each row of the weights has a scale.</param>
public sealed record ExpertShapeFormat(string Type, (int Rows, int Columns)? BlockShape = null, bool PerChannel = false)
{
    /// <summary>Parses the number type and the quantisation of a <c>config.json</c>; 4-bit floats count as the type to which they are widened.</summary>
    internal static ExpertShapeFormat Parse(ModelConfigSection root, ModelConfigSection language)
    {
        var plain = language.OptionalString("dtype") ?? language.OptionalString("torch_dtype") ?? root.OptionalString("dtype") ?? root.OptionalString("torch_dtype") ?? "bfloat16";
        if (plain is not ("float32" or "float16" or "bfloat16"))
            throw language.Bad("torch_dtype", $"is {SafetensorsException.Quote(plain)}; expected float32, float16 or bfloat16");

        var json = language.Section("quantization_config") ?? root.Section("quantization_config") ?? root.Section("compression_config");
        return json?.OptionalString("quant_method") switch
        {
            null or "mxfp4" => new(plain),
            "fp8" => new("fp8_w8a8", json.Pair("weight_block_size", 1, MaxBlock)),
            "fbgemm_fp8" => new("fp8_w8a8", PerChannel: true),
            "modelopt" => ModelOpt(json),
            "compressed-tensors" => json.Sections("config_groups").FirstOrDefault() is { } group ? CompressedTensors(group) : throw json.Bad("config_groups", "is missing"),
            "gptq" or "awq" => Integers(json, "bits"),
            var method => throw json.Bad("quant_method", $"is {SafetensorsException.Quote(method)}; expected fp8, fbgemm_fp8, modelopt, compressed-tensors, gptq, awq or mxfp4"),
        };
    }

    private const int MaxBlock = 1 << 16;

    private static ExpertShapeFormat ModelOpt(ModelConfigSection json)
    {
        var algorithm = json.OptionalString("quant_algo") ?? json.Section("quantization")?.OptionalString("quant_algo");
        return algorithm is "FP8" or "FP8_PER_CHANNEL_PER_TOKEN"
            ? new("fp8_w8a8", PerChannel: algorithm != "FP8")
            : throw json.Bad("quant_algo", algorithm is null ? "is missing; expected FP8" : $"is {SafetensorsException.Quote(algorithm)}; expected FP8");
    }

    private static ExpertShapeFormat CompressedTensors(ModelConfigSection group)
    {
        var weights = group.Section("weights") ?? throw group.Bad("weights", "is missing");
        var perChannel = weights.OptionalString("strategy") == "channel";
        return (weights.Int("num_bits", 1, 64, absent: 8), weights.OptionalString("type") ?? "int") switch
        {
            (8, "float") => new("fp8_w8a8", weights.Pair("block_structure", 1, MaxBlock), perChannel),
            (8, "int") => new(group.Section("input_activations") is null ? "int8_w8a16" : "int8_w8a8", PerChannel: perChannel),
            (4, "int") => Integers(weights, "num_bits"),
            var (bits, type) => throw weights.Bad("num_bits", $"is {bits} with type {SafetensorsException.Quote(type)}; expected 8-bit floats, 8-bit or 4-bit integers"),
        };
    }

    /// <summary>Weight-only integers with groups along a row.</summary>
    private static ExpertShapeFormat Integers(ModelConfigSection json, string bitsKey)
    {
        var group = json.Int("group_size", -1, MaxBlock, absent: -1);
        (int, int)? block = group > 0 ? (0, group) : null;
        return json.Int(bitsKey, 1, 64) switch
        {
            4 => new("int4_w4a16", block),
            8 => new("int8_w8a16", block, PerChannel: block is null),
            var bits => throw json.Bad(bitsKey, $"is {bits}; expected 4 or 8"),
        };
    }
}
