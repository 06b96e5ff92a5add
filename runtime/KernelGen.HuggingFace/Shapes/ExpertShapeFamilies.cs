namespace KernelGen.HuggingFace;

/// <summary>The configuration keys of each family's experts.</summary>
internal static class ExpertShapeFamilies
{
    private const int MaxSize = 1 << 20;
    private const int MaxExperts = 1 << 16;

    private static readonly Family[] Families =
    [
        new("mixtral", "num_local_experts", "intermediate_size"),
        new("qwen2_moe", "num_experts", "moe_intermediate_size"),
        new("qwen3_moe", "num_experts", "moe_intermediate_size"),
        new("qwen3_vl_moe", "num_experts", "moe_intermediate_size"),
        new("bailing_moe", "num_experts", "moe_intermediate_size"),
        new("deepseek_v2", "n_routed_experts", "moe_intermediate_size") { SharedKey = "n_shared_experts" },
        new("deepseek_v3", "n_routed_experts", "moe_intermediate_size") { SharedKey = "n_shared_experts" },
        new("kimi_k2", "n_routed_experts", "moe_intermediate_size") { SharedKey = "n_shared_experts" },
        new("glm4_moe", "n_routed_experts", "moe_intermediate_size") { SharedKey = "n_shared_experts" },
        new("mimo_v2_flash", "n_routed_experts", "moe_intermediate_size") { SharedKey = "n_shared_experts" },
        new("llama4", "num_local_experts", "intermediate_size") { AlwaysShared = true },
        new("dbrx", "moe_num_experts", "ffn_hidden_size") { TopKKey = "moe_top_k", HiddenKey = "d_model", Inside = "ffn_config" },
        new("jamba", "num_experts", "intermediate_size"),
        new("olmoe", "num_experts", "intermediate_size"),
        new("grok-1", "num_local_experts", "moe_intermediate_size"),
        new("gpt_oss", "num_local_experts", "intermediate_size"),
    ];

    // Other names used by files and tools.
    private static readonly Dictionary<string, string> OtherNames = new()
    {
        ["qwen3_vl_moe_text"] = "qwen3_vl_moe",
        ["llama4_text"] = "llama4",
        ["bailing"] = "bailing_moe",
        ["bailing_moe_v2"] = "bailing_moe",
        ["deepseek_v32"] = "deepseek_v3",
        ["kimi"] = "kimi_k2",
        ["grok"] = "grok-1",
    };

    private static readonly string[] ExpertKeys = ["num_local_experts", "num_experts", "n_routed_experts"];

    public static ExpertShape Parse(ModelConfigSection root, bool fuseSharedExpert)
    {
        var json = root.Section("text_config") ?? root;
        var modelType = json.OptionalString("model_type") ?? root.OptionalString("model_type") ?? throw root.Bad("model_type", "is missing; expected the name of a family");
        var name = OtherNames.GetValueOrDefault(modelType, modelType);
        var family = Families.FirstOrDefault(family => family.Name == name)
            ?? throw json.Bad("model_type", $"is {SafetensorsException.Quote(modelType)}; expected {string.Join(", ", Families.Select(family => family.Name))}");

        var inner = family.Inside is null ? json : json.Section(family.Inside) ?? throw json.Bad(family.Inside, "is missing; expected an object");
        var experts = inner.Int(inner.Has(family.ExpertsKey) ? family.ExpertsKey : ExpertKeys.FirstOrDefault(inner.Has, family.ExpertsKey), 1, MaxExperts);
        var topK = inner.Int(family.TopKKey, 1, MaxExperts);
        if (topK > experts) throw inner.Bad(family.TopKKey, $"is {topK}, more than the {experts} experts");
        var isShared = fuseSharedExpert && (family.AlwaysShared || (family.SharedKey is { } key && json.Int(key, 0, MaxExperts, absent: 0) == 1));
        return new ExpertShape
        {
            Source = root.File,
            ModelType = modelType,
            Experts = experts + (isShared ? 1 : 0),
            TopK = topK + (isShared ? 1 : 0),
            HiddenSize = json.Int(json.Has(family.HiddenKey) ? family.HiddenKey : "hidden_size", 1, MaxSize),
            // Early conversions of Grok-1, from before it had a dense path, use the plain key for the experts.
            IntermediateSize = inner.Int(inner.Has(family.IntermediateKey) ? family.IntermediateKey : "intermediate_size", 1, MaxSize),
            HasSharedExpert = isShared,
            Activation = family.Name == "gpt_oss" ? MoeActivation.SwigluOai : Activation(json, family),
            Format = ExpertShapeFormat.Parse(root, json),
        };
    }

    private static MoeActivation Activation(ModelConfigSection json, Family family)
    {
        var name = json.OptionalString("hidden_act") ?? (family.Name == "grok-1" ? "gelu" : "silu");
        return name switch
        {
            "silu" or "swish" => MoeActivation.SiluAndMul,
            "gelu" => MoeActivation.GeluAndMul,
            "gelu_new" or "gelu_pytorch_tanh" => MoeActivation.GeluTanhAndMul,
            _ => throw json.Bad("hidden_act", $"is {SafetensorsException.Quote(name)}; expected silu, gelu, gelu_new or gelu_pytorch_tanh"),
        };
    }

    private sealed record Family(string Name, string ExpertsKey, string IntermediateKey)
    {
        public string TopKKey { get; init; } = "num_experts_per_tok";

        public string HiddenKey { get; init; } = "hidden_size";

        /// <summary>The object that contains the experts' keys.</summary>
        public string? Inside { get; init; }

        /// <summary>The key that counts shared experts; a single one has the size of a routed expert.</summary>
        public string? SharedKey { get; init; }

        public bool AlwaysShared { get; init; }
    }
}
