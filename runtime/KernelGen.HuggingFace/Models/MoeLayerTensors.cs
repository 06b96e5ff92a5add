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
        Router = Find($"{prefix}{names.Router}.weight", [config.Experts, config.HiddenSize]);
        if (config.CorrectionBias) CorrectionBias = Find($"{prefix}{names.Router}.e_score_correction_bias", [config.Experts]);

        if (config.RouterBias) RouterBias = Find($"{prefix}{names.Router}.bias", [config.Experts]);

        Experts = names.FusedLayout is { } layout ? FindFused($"{prefix}experts.", layout) : FindExperts($"{prefix}experts.", names);
        if (config.ExpertBias)
        {
            GateUpBias = Find($"{prefix}experts.gate_up_proj_bias", [config.Experts, 2L * config.IntermediateSize]);
            DownBias = Find($"{prefix}experts.down_proj_bias", [config.Experts, config.HiddenSize]);
        }

        WeightType = Experts[0].Gate.DType switch
        {
            SafetensorsDType.Float32 => DType.Float32,
            SafetensorsDType.Float16 => DType.Float16,
            _ => DType.BFloat16,
        };

        if (config.SharedExperts > 0)
            SharedExpert = FindMlp($"{prefix}{names.SharedExpert}.", "gate_proj", "up_proj", "down_proj", config.SharedIntermediateSize, like: null);
        if (config.SharedExpertGate) SharedExpertGate = Find($"{prefix}{names.SharedExpert}_gate.weight", [1, config.HiddenSize]);
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

    /// <summary>The E routed experts, all of the type <see cref="WeightType"/>.</summary>
    public IReadOnlyList<MlpTensors> Experts { get; }

    /// <summary>Type of the routed experts' weights: Float32, Float16 or BFloat16.</summary>
    public DType WeightType { get; }

    /// <summary>The shared experts as one MLP of <see cref="MoeModelConfig.SharedIntermediateSize"/>, or null if none.</summary>
    public MlpTensors? SharedExpert { get; }

    /// <summary>Weight [1, H] of the gate whose sigmoid scales the shared experts' output, or null if none.</summary>
    public SafetensorsTensor? SharedExpertGate { get; }

    /// <summary>Finds the tensors of a layer.</summary>
    /// <param name="checkpoint">Must outlive all use of the tensors.</param>
    /// <param name="config">The configuration of the same model.</param>
    /// <param name="layer">One of <see cref="MoeModelConfig.MoeLayers"/>.</param>
    /// <exception cref="ModelConfigException">The layer has no experts, or there is no kernel for its activation.</exception>
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

    private MlpTensors[] FindExperts(string prefix, MoeTensorNames names)
    {
        var experts = new MlpTensors[Config.Experts];
        for (var e = 0; e < experts.Length; e++)
            experts[e] = FindMlp($"{prefix}{e}.", names.Gate, names.Up, names.Down, Config.IntermediateSize, like: experts[0]?.Gate.Tensor);
        return experts;
    }

    /// <summary>gate_up_proj [E, H, 2I] and down_proj [E, I, H], inputs before outputs; gate and up columns one after the other or taking turns.</summary>
    private MlpTensors[] FindFused(string prefix, ExpertLayout layout)
    {
        int h = Config.HiddenSize, i = Config.IntermediateSize;
        var gateUp = Find($"{prefix}gate_up_proj", [Config.Experts, h, 2L * i]);
        var down = Find($"{prefix}down_proj", [Config.Experts, i, h], gateUp);
        var interleaved = layout.HasFlag(ExpertLayout.Interleaved);
        ExpertMatrix GateUp(long expert, long column) => new(gateUp, (expert * h * 2 * i) + column, i, h, rowStride: interleaved ? 2 : 1, columnStride: 2L * i);
        return
        [
            .. Enumerable.Range(0, Config.Experts).Select(e => new MlpTensors(
                GateUp(e, 0), GateUp(e, interleaved ? 1 : i), new ExpertMatrix(down, (long)e * i * h, h, i, rowStride: 1, columnStride: h))),
        ];
    }

    private MlpTensors FindMlp(string prefix, string gate, string up, string down, int intermediate, SafetensorsTensor? like)
    {
        var gateTensor = Find($"{prefix}{gate}.weight", [intermediate, Config.HiddenSize], like);
        return new MlpTensors(
            new ExpertMatrix(gateTensor),
            new ExpertMatrix(Find($"{prefix}{up}.weight", [intermediate, Config.HiddenSize], gateTensor)),
            new ExpertMatrix(Find($"{prefix}{down}.weight", [Config.HiddenSize, intermediate], gateTensor)));
    }

    private SafetensorsTensor Find(string name, ReadOnlySpan<long> shape, SafetensorsTensor? like = null)
    {
        var tensor = Checkpoint.Get(name);
        if (!tensor.Shape.SequenceEqual(shape))
            throw tensor.Unusable($"has the shape {tensor.Info.ShapeText}; {Config.File} makes it {SafetensorsTensorInfo.Format(shape)}");
        if (tensor.DType is not (SafetensorsDType.Float32 or SafetensorsDType.Float16 or SafetensorsDType.BFloat16))
            throw tensor.Unusable($"is {tensor.Info.DTypeName}; expected F32, F16 or BF16");
        if (like is not null && tensor.DType != like.DType)
        {
            throw tensor.Unusable(
                $"is {tensor.Info.DTypeName}, but {SafetensorsException.Quote(like.Name)} is {like.Info.DTypeName}; all must be alike");
        }

        return tensor;
    }
}
