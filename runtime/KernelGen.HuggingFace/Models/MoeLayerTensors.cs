namespace KernelGen.HuggingFace;

/// <summary>
/// The tensors of one Mixture-of-Experts layer, found by the family's tensor names and validated. Nothing is copied:
/// addresses point into the checkpoint's files and become invalid with <see cref="SafetensorsCheckpoint.Dispose"/>.
/// </summary>
public sealed class MoeLayerTensors
{
    // With and without the head of a causal model, and inside a multimodal model.
    private static readonly string[] Prefixes = ["model.layers.", "layers.", "model.language_model.layers.", "language_model.model.layers."];

    private MoeLayerTensors(SafetensorsCheckpoint checkpoint, MoeModelConfig config, int layer)
    {
        Checkpoint = checkpoint;
        Config = config;
        Layer = layer;

        var names = config.TensorNames;
        var prefix = FindPrefix($"{layer}.{names.Block}.");
        var tensors = new TensorFinder(checkpoint, config);
        Router = tensors.Plain($"{prefix}{names.Router}.weight", config.Experts, config.HiddenSize);
        if (config.CorrectionBias) CorrectionBias = tensors.Plain($"{prefix}{names.Router}.e_score_correction_bias", config.Experts);
        if (config.RouterBias) RouterBias = tensors.Plain($"{prefix}{names.Router}.bias", config.Experts);

        var experts = new ExpertFinder(tensors);
        Experts = experts.Routed($"{prefix}experts.");
        if (config.ExpertBias)
        {
            GateUpBias = tensors.Plain($"{prefix}experts.gate_up_proj_bias", config.Experts, 2L * config.IntermediateSize);
            DownBias = tensors.Plain($"{prefix}experts.down_proj_bias", config.Experts, config.HiddenSize);
        }

        if (config.SharedExperts > 0) SharedExpert = experts.Shared($"{prefix}{names.SharedExpert}.");
        if (config.SharedExpertGate) SharedExpertGate = tensors.Plain($"{prefix}{names.SharedExpert}_gate.weight", 1, config.HiddenSize);
    }

    /// <summary>The checkpoint that owns the memory; not owned by this object.</summary>
    public SafetensorsCheckpoint Checkpoint { get; }

    /// <summary>The model's configuration.</summary>
    public MoeModelConfig Config { get; }

    /// <summary>Index of the decoder layer.</summary>
    public int Layer { get; }

    /// <summary>Router weight [E, H]: F32, F16 or BF16. Logits are <c>x · routerᵀ</c>.</summary>
    public SafetensorsTensor Router { get; }

    /// <summary>Correction bias [E], used only for selection, or null if the family has none.</summary>
    public SafetensorsTensor? CorrectionBias { get; }

    /// <summary>Bias [E] of the router's logits, or null if the family has none.</summary>
    public SafetensorsTensor? RouterBias { get; }

    /// <summary>Biases [E, 2I] of the gate and up projections in file order (gpt_oss: interleaved), or null if there are none.</summary>
    public SafetensorsTensor? GateUpBias { get; }

    /// <summary>Biases [E, H] of the down projections, or null if there are none.</summary>
    public SafetensorsTensor? DownBias { get; }

    /// <summary>The E routed experts, all of the same type and layout.</summary>
    public IReadOnlyList<MlpTensors> Experts { get; }

    /// <summary>The format in which kernels read the routed experts.</summary>
    public ExpertFormat Format => Experts[0].Gate.Format;

    /// <summary>Type of the routed experts' weights in <see cref="Format"/>.</summary>
    public DType WeightType => Format.Type;

    /// <summary>The shared experts as one MLP with intermediate size <see cref="MoeModelConfig.SharedIntermediateSize"/>, or null if there are none.</summary>
    public MlpTensors? SharedExpert { get; }

    /// <summary>Weight [1, H] of the gate whose sigmoid scales the shared experts' output, or null if there is none.</summary>
    public SafetensorsTensor? SharedExpertGate { get; }

    /// <summary>Finds the tensors of a layer.</summary>
    /// <param name="checkpoint">Must outlive the tensors.</param>
    /// <param name="config">The configuration of the same model.</param>
    /// <param name="layer">One of <see cref="MoeModelConfig.MoeLayers"/>.</param>
    /// <exception cref="ModelConfigException">The layer has no experts, or its weights or activation are not supported.</exception>
    /// <exception cref="SafetensorsException">A tensor is missing, or its shape or type differs from the configuration.</exception>
    public static MoeLayerTensors Load(SafetensorsCheckpoint checkpoint, MoeModelConfig config, int layer)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(config);
        if (!config.MoeLayers.Contains(layer)) throw new ModelConfigException(NoExperts(config, layer));
        if (config.Activation is null)
        {
            throw new ModelConfigException(config.File, "hidden_act",
                $"is {SafetensorsException.Quote(config.HiddenActivation)}; expected silu, swish, gelu, gelu_new or gelu_pytorch_tanh");
        }

        if (config.Quantization?.Unreadable is var (key, problem)) throw new ModelConfigException(config.File, key, problem);
        return new MoeLayerTensors(checkpoint, config, layer);
    }

    private static string NoExperts(MoeModelConfig config, int layer)
    {
        if (layer < 0 || layer >= config.Layers) return $"{config.File}: 'num_hidden_layers' is {config.Layers}; there is no layer {layer}";
        if (config.MoeLayers.Count == 0) return $"{config.File}: layer {layer} has no experts, and neither has any other layer";
        var more = config.MoeLayers.Count > 8 ? ", …" : "";
        return $"{config.File}: layer {layer} has no experts; layers with experts: {string.Join(", ", config.MoeLayers.Take(8))}{more}";
    }

    private string FindPrefix(string layerAndBlock)
    {
        var found = Prefixes.FirstOrDefault(prefix => Checkpoint.Contains($"{prefix}{layerAndBlock}{Config.TensorNames.Router}.weight"), Prefixes[0]);
        return found + layerAndBlock;
    }
}
