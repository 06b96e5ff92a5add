namespace KernelGen.HuggingFace;

/// <summary>
/// The <c>quantization_config</c> of a checkpoint, as far as the stored tensors do not determine it. An unsupported setting
/// is an error when a layer is loaded, not when the file is read: its shapes are still useful.
/// </summary>
/// <param name="Method">The value of <c>quant_method</c>.</param>
internal sealed record QuantizationConfig(string Method)
{
    private const string Readable =
        "fp8, mxfp4 (gpt_oss), fbgemm_fp8, modelopt with quant_algo FP8, or compressed-tensors with 8-bit floats, symmetric 8-bit integers or 4-bit integers";

    /// <summary>Rows and columns of a block that shares a scale, if scales are per block.</summary>
    public (int Rows, int Columns)? Block { get; private init; }

    /// <summary>The key with an unsupported setting, and the problem, or null.</summary>
    public (string Key, string Problem)? Unreadable { get; private init; }

    /// <summary>Parses it; null if the file has none.</summary>
    public static QuantizationConfig? Parse(ModelConfigSection root, ModelConfigSection language, string modelType)
    {
        var json = language.Section("quantization_config") ?? root.Section("quantization_config") ?? root.Section("compression_config");
        if (json is null) return null;
        var method = json.OptionalString("quant_method")
            ?? throw json.Bad("quant_method", "is missing; expected the name of a method");
        return method switch
        {
            "fp8" => new(method) { Block = json.Pair("weight_block_size", 1, 1 << 16) },
            "fbgemm_fp8" => new(method),
            "mxfp4" when modelType == "gpt_oss" => new(method),
            "modelopt" => ModelOpt(json, method),
            "compressed-tensors" => CompressedTensors(json, method),
            _ => new(method) { Unreadable = (json.FullKey("quant_method"), $"is {SafetensorsException.Quote(method)}, which is not supported; expected {Readable}") },
        };
    }

    private static QuantizationConfig ModelOpt(ModelConfigSection json, string method)
    {
        var algorithm = json.OptionalString("quant_algo") ?? json.Section("quantization")?.OptionalString("quant_algo");
        return new(method)
        {
            Unreadable = algorithm is "FP8" or "FP8_PER_CHANNEL_PER_TOKEN" ? null
                : (json.FullKey("quant_algo"), $"{(algorithm is null ? "is missing" : $"is {SafetensorsException.Quote(algorithm)}, which is not supported")}; expected FP8"),
        };
    }

    /// <summary>Each group of modules may have its own scheme. The tensors determine which modules have which, so all schemes must be supported.</summary>
    private static QuantizationConfig CompressedTensors(ModelConfigSection json, string method)
    {
        (int, int)? block = null;
        foreach (var weights in json.Sections("config_groups").Select(group => group.Section("weights")).OfType<ModelConfigSection>())
        {
            var (bits, type) = (weights.Int("num_bits", 1, 64, absent: 8), weights.OptionalString("type") ?? "int");
            if (!((bits, type) is (8, "float") or (8, "int") or (4, "int")))
                return Unknown(weights, "num_bits", $"is {bits} with type {SafetensorsException.Quote(type)}, which is not supported");
            if (bits == 8 && !weights.Bool("symmetric", absent: true)) return Unknown(weights, "symmetric", "is false with 8 bits, which is not supported");
            block ??= weights.Pair("block_structure", 1, 1 << 16);
        }

        if (json.Section("transform_config")?.Sections("config_groups").Any() == true)
            return Unknown(json, "transform_config", "rotates weights, which is not supported");
        var format = json.OptionalString("format");
        return format is null or "float-quantized" or "naive-quantized" or "int-quantized" or "pack-quantized" or "mixed-precision" or "dense"
            ? new(method) { Block = block }
            : Unknown(json, "format", $"is {SafetensorsException.Quote(format)}, which is not supported");

        QuantizationConfig Unknown(ModelConfigSection section, string key, string problem) =>
            new(method) { Unreadable = (section.FullKey(key), $"{problem}; expected {method} with 8-bit floats, symmetric 8-bit integers or 4-bit integers") };
    }
}
