namespace KernelGen.HuggingFace;

/// <summary>The configuration keys of each family. The reference is the family's configuration and modelling file in transformers.</summary>
internal static class MoeModelFamilies
{
    private const int MaxSize = 1 << 20;
    private const int MaxExperts = 1 << 16;
    private const int MaxLayers = 1 << 16;

    private static readonly string[] ExpertKeys = ["num_local_experts", "num_experts", "n_routed_experts"];

    public static MoeModelConfig Parse(ModelConfigSection root)
    {
        // A multimodal configuration (vision, audio) has the language model's keys in text_config.
        var json = root.Section("text_config") ?? root;
        var modelType = json.OptionalString("model_type") ?? root.OptionalString("model_type")
            ?? throw root.Bad("model_type", "is missing; expected the name of a family");
        var config = modelType switch
        {
            "mixtral" => Mixtral(json),
            "qwen2_moe" => Qwen2Moe(json),
            "qwen3_moe" => Qwen3Moe(json),
            "deepseek_v3" or "kimi_k2" => DeepSeekV3(json),
            "glm4_moe" => Glm4Moe(json),
            "olmoe" => Olmoe(json),
            "jamba" => Jamba(json),
            "gpt_oss" => GptOss(json),
            "llama4" or "llama4_text" => Llama4(json),
            _ => throw json.Bad("model_type",
                $"is {SafetensorsException.Quote(modelType)}; expected mixtral, qwen2_moe, qwen3_moe, deepseek_v3, kimi_k2, glm4_moe, olmoe, "
                + "jamba, gpt_oss or llama4"),
        };
        CheckGate(config, json);
        Check(config, json);
        return config with { ModelType = modelType, Quantization = QuantizationConfig.Parse(root, json, modelType) };
    }

    /// <summary>Softmax, top-k, always renormalised.</summary>
    private static MoeModelConfig Mixtral(ModelConfigSection json) => Common(json, "num_local_experts", "intermediate_size") with
    {
        Renormalize = true,
        TensorNames = new("block_sparse_moe", Gate: "w1", Up: "w3", Down: "w2"),
    };

    /// <summary>Softmax, top-k.</summary>
    private static MoeModelConfig Qwen3Moe(ModelConfigSection json)
    {
        var config = Common(json, "num_experts", "moe_intermediate_size");
        return config with
        {
            Renormalize = json.Bool("norm_topk_prob", absent: false),
            MoeLayers = MoeLayerPlacement.SparseSteps(json, config.Layers),
        };
    }

    /// <summary>Like qwen3_moe, with a gated shared expert.</summary>
    private static MoeModelConfig Qwen2Moe(ModelConfigSection json) => Qwen3Moe(json) with
    {
        SharedExperts = 1,
        SharedIntermediateSize = json.Int("shared_expert_intermediate_size", 1, MaxSize),
        SharedExpertGate = true,
        TensorNames = new("mlp", SharedExpert: "shared_expert"),
    };

    /// <summary>The <c>noaux_tc</c> gate.</summary>
    private static MoeModelConfig DeepSeekV3(ModelConfigSection json) => BiasedSigmoid(json, groups: 8, topKGroups: 4, scale: 2.5, denseLayers: 3);

    private static MoeModelConfig Glm4Moe(ModelConfigSection json) => BiasedSigmoid(json, groups: 1, topKGroups: 1, scale: 1.0, denseLayers: 1);

    /// <summary>
    /// Sigmoid, a correction bias, groups scored by the sum of their two best scores, a scaling factor. The arguments are the family's defaults.
    /// </summary>
    private static MoeModelConfig BiasedSigmoid(ModelConfigSection json, int groups, int topKGroups, double scale, int denseLayers)
    {
        var config = Common(json, "n_routed_experts", "moe_intermediate_size");
        var shared = json.Int("n_shared_experts", 0, MaxSize / config.IntermediateSize, absent: 1);
        return config with
        {
            Scoring = GateScoring.Sigmoid,
            CorrectionBias = true,
            Groups = json.Int("n_group", 1, MaxExperts, groups),
            TopKGroups = json.Int("topk_group", 1, MaxExperts, topKGroups),
            Renormalize = json.Bool("norm_topk_prob", absent: true),
            RoutedScalingFactor = (float)json.PositiveNumber("routed_scaling_factor", scale),
            SharedExperts = shared,
            SharedIntermediateSize = shared * config.IntermediateSize,
            MoeLayers = MoeLayerPlacement.AfterDense(json, config.Layers, denseLayers),
        };
    }

    /// <summary>Softmax, top-k.</summary>
    private static MoeModelConfig Olmoe(ModelConfigSection json) => Common(json, "num_experts", "intermediate_size") with
    {
        Renormalize = json.Bool("norm_topk_prob", absent: false),
    };

    /// <summary>Softmax, top-k, never renormalised. With one expert, all layers have an ordinary MLP.</summary>
    private static MoeModelConfig Jamba(ModelConfigSection json)
    {
        var config = Common(json, "num_experts", "intermediate_size");
        return config with
        {
            MoeLayers = config.Experts > 1 ? MoeLayerPlacement.Periodic(json, config.Layers) : [],
            TensorNames = new("feed_forward", Router: "router"),
        };
    }

    /// <summary>Top-k of the logits, then softmax of those, which equals softmax, top-k, renormalised.</summary>
    private static MoeModelConfig GptOss(ModelConfigSection json)
    {
        if (json.PositiveNumber("swiglu_limit", 7.0) is var limit and not 7.0)
            throw json.Bad("swiglu_limit", FormattableString.Invariant($"is {limit}; expected 7, the only supported limit of this activation"));
        return Common(json, "num_local_experts", "intermediate_size") with
        {
            Renormalize = true,
            RouterBias = true,
            ExpertBias = true,
            Activation = MoeActivation.SwigluOai, // whatever hidden_act says
            TensorNames = new("mlp", Router: "router") { FusedLayout = ExpertLayout.Transposed | ExpertLayout.Interleaved },
        };
    }

    /// <summary>Top-k of the logits; their sigmoid multiplies the expert's input.</summary>
    private static MoeModelConfig Llama4(ModelConfigSection json)
    {
        var config = Common(json, "num_local_experts", "intermediate_size");
        return config with
        {
            Scoring = GateScoring.Sigmoid,
            RouterWeightOnInput = true,
            SharedExperts = 1,
            SharedIntermediateSize = config.IntermediateSize,
            MoeLayers = MoeLayerPlacement.Interleaved(json, config.Layers),
            TensorNames = new("feed_forward", Router: "router", SharedExpert: "shared_expert") { FusedLayout = ExpertLayout.Transposed },
        };
    }

    private static MoeModelConfig Common(ModelConfigSection json, string expertsKey, string intermediateKey)
    {
        var layers = json.Int("num_hidden_layers", 1, MaxLayers);
        var activation = json.OptionalString("hidden_act") ?? "silu";
        return new MoeModelConfig
        {
            File = json.File,
            HiddenSize = json.Int("hidden_size", 1, MaxSize),
            IntermediateSize = json.Int(intermediateKey, 1, MaxSize),
            // Versions of transformers rename this key: version 4 writes num_experts for qwen3_moe, version 5 num_local_experts.
            Experts = json.Int(json.Has(expertsKey) ? expertsKey : ExpertKeys.FirstOrDefault(json.Has, expertsKey), 1, MaxExperts),
            TopK = json.Int("num_experts_per_tok", 1, MaxExperts),
            HiddenActivation = activation,
            Activation = activation switch
            {
                "silu" or "swish" => MoeActivation.SiluAndMul,
                "gelu" => MoeActivation.GeluAndMul,
                "gelu_new" or "gelu_pytorch_tanh" => MoeActivation.GeluTanhAndMul,
                _ => null,
            },
            Layers = layers,
            MoeLayers = MoeLayerPlacement.Every(layers),
            WeightType = (json.OptionalString("dtype") ?? json.OptionalString("torch_dtype")) switch
            {
                "float32" => DType.Float32,
                "float16" => DType.Float16,
                "bfloat16" => DType.BFloat16,
                _ => null,
            },
        };
    }

    /// <summary>A family has one gate; a file that names the family may not name another gate.</summary>
    private static void CheckGate(MoeModelConfig config, ModelConfigSection json)
    {
        Expect("scoring_func", config.Scoring == GateScoring.Sigmoid ? "sigmoid" : "softmax");
        Expect("topk_method", config.CorrectionBias ? "noaux_tc" : "greedy");
        if (json.Int("moe_layer_freq", 1, int.MaxValue, absent: 1) is var frequency and not 1)
            throw json.Bad("moe_layer_freq", $"is {frequency}; expected 1: experts in every layer but the first");

        void Expect(string key, string expected)
        {
            if (json.OptionalString(key) is { } value && value != expected) throw json.Bad(key, $"is {SafetensorsException.Quote(value)}; expected {expected}");
        }
    }

    /// <summary>Rejects values that are valid individually but not in combination.</summary>
    private static void Check(MoeModelConfig config, ModelConfigSection json)
    {
        if (config.Experts % config.Groups != 0)
            throw json.Bad("n_group", $"is {config.Groups}, which does not divide the {config.Experts} experts");
        if (config.TopKGroups > config.Groups)
            throw json.Bad("topk_group", $"is {config.TopKGroups}; expected at most the {config.Groups} groups");

        var groupSize = config.Experts / config.Groups;
        if (config.Groups > 1 && groupSize < 2)
            throw json.Bad("n_group", $"is {config.Groups}, which leaves one expert a group; its score is the sum of two");
        if (config.TopK > config.TopKGroups * groupSize)
        {
            throw json.Bad("num_experts_per_tok",
                $"is {config.TopK}; expected at most the {config.TopKGroups * groupSize} experts that are eligible for a token");
        }
    }
}
