namespace KernelGen.HuggingFace;

/// <summary>
/// The tensors of one Mixture-of-Experts layer, found by the names of its family, with checked shapes and types. Nothing is copied:
/// addresses lead into the checkpoint's files and end with <see cref="SafetensorsCheckpoint.Dispose"/>.
/// </summary>
public sealed class MoeLayerTensors
{
    // With and without the head of a causal model, and inside a model that also sees or hears.
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

    /// <summary>Keeps the memory that all addresses lead into; not owned by this object.</summary>
    public SafetensorsCheckpoint Checkpoint { get; }

    /// <summary>What the layer computes.</summary>
    public MoeModelConfig Config { get; }

    /// <summary>Number of the decoder layer.</summary>
    public int Layer { get; }

    /// <summary>Router weight [E, H]: F32, F16 or BF16. Logits are <c>x · routerᵀ</c>.</summary>
    public SafetensorsTensor Router { get; }

    /// <summary>Bias [E] that only selects, or null where the family has none.</summary>
    public SafetensorsTensor? CorrectionBias { get; }

    /// <summary>Bias [E] of the router's logits, or null where the family has none.</summary>
    public SafetensorsTensor? RouterBias { get; }

    /// <summary>Biases [E, 2I] of the gate and up projections in the order of the file (gpt_oss: taking turns), or null if none.</summary>
    public SafetensorsTensor? GateUpBias { get; }

    /// <summary>Biases [E, H] of the down projections, or null if none.</summary>
    public SafetensorsTensor? DownBias { get; }

    /// <summary>The E routed experts, all alike.</summary>
    public IReadOnlyList<MlpTensors> Experts { get; }

    /// <summary>What kernels read the routed experts as.</summary>
    public ExpertFormat Format => Experts[0].Gate.Format;

    /// <summary>Type of the routed experts' weights in <see cref="Format"/>.</summary>
    public DType WeightType => Format.Type;

    /// <summary>The shared experts as one MLP of <see cref="MoeModelConfig.SharedIntermediateSize"/>, or null if none.</summary>
    public MlpTensors? SharedExpert { get; }

    /// <summary>Weight [1, H] of the gate whose sigmoid scales the shared experts' output, or null if none.</summary>
    public SafetensorsTensor? SharedExpertGate { get; }

    /// <summary>Finds the tensors of a layer.</summary>
    /// <param name="checkpoint">Must outlive all use of the tensors.</param>
    /// <param name="config">The configuration of the same model.</param>
    /// <param name="layer">One of <see cref="MoeModelConfig.MoeLayers"/>.</param>
    /// <exception cref="ModelConfigException">The layer has no experts, its weights cannot be read, or there is no kernel for its activation.</exception>
    /// <exception cref="SafetensorsException">A tensor is missing or has another shape or type than the configuration says.</exception>
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
        if (config.MoeLayers.Count == 0) return $"{config.File}: layer {layer} has no experts; no layer has";
        var more = config.MoeLayers.Count > 8 ? ", …" : "";
        return $"{config.File}: layer {layer} has no experts; those that have: {string.Join(", ", config.MoeLayers.Take(8))}{more}";
    }

    private string FindPrefix(string layerAndBlock)
    {
        var found = Prefixes.FirstOrDefault(prefix => Checkpoint.Contains($"{prefix}{layerAndBlock}{Config.TensorNames.Router}.weight"), Prefixes[0]);
        return found + layerAndBlock;
    }
}
