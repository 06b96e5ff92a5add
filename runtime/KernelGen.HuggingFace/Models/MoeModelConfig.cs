namespace KernelGen.HuggingFace;

/// <summary>The Mixture-of-Experts layers that a <c>config.json</c> describes, as Hugging Face transformers understands it.</summary>
/// <remarks>
/// Families: mixtral, qwen2_moe, qwen3_moe, deepseek_v3, kimi_k2, glm4_moe, olmoe, jamba, gpt_oss and llama4.
/// A key that sets a shape must be there; one that sets behaviour has the default of the family's class in transformers.
/// Keys that say nothing about these layers are ignored.
/// </remarks>
public sealed record MoeModelConfig
{
    internal MoeModelConfig()
    {
    }

    /// <summary>The file that it was read from, for messages.</summary>
    public required string File { get; init; }

    /// <summary>The family, for example <c>qwen3_moe</c>; that of the language model where the file describes several.</summary>
    public string ModelType { get; init; } = "";

    /// <summary>Width H of the hidden states.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width I of one routed expert's intermediate states.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of routed experts E.</summary>
    public required int Experts { get; init; }

    /// <summary>Routed experts of each token, k.</summary>
    public required int TopK { get; init; }

    /// <summary>How logits become scores.</summary>
    public GateScoring Scoring { get; init; } = GateScoring.Softmax;

    /// <summary>Whether the router has a bias [E] that only selects.</summary>
    public bool CorrectionBias { get; init; }

    /// <summary>Whether the router adds a bias [E] to its logits (gpt_oss).</summary>
    public bool RouterBias { get; init; }

    /// <summary>Number of equal groups of experts; 1 is no grouping.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Groups that stay eligible for a token.</summary>
    public int TopKGroups { get; init; } = 1;

    /// <summary>Whether a token's k weights are divided by their sum.</summary>
    public bool Renormalize { get; init; }

    /// <summary>Factor of the routed experts' weights, after <see cref="Renormalize"/>.</summary>
    public float RoutedScalingFactor { get; init; } = 1f;

    /// <summary>Whether the router weight multiplies an expert's input (llama4) and not its output.</summary>
    public bool RouterWeightOnInput { get; init; }

    /// <summary>What <c>hidden_act</c> says, for example <c>silu</c>.</summary>
    public required string HiddenActivation { get; init; }

    /// <summary>What the experts compute, or null where <see cref="MoeActivation"/> has no name for it yet.</summary>
    public MoeActivation? Activation { get; init; }

    /// <summary>Whether the experts' projections have biases (gpt_oss).</summary>
    public bool ExpertBias { get; init; }

    /// <summary>Number of experts that every token goes through, stored as one MLP; 0 if none.</summary>
    public int SharedExperts { get; init; }

    /// <summary>Width of the intermediate states of all shared experts together; 0 if none.</summary>
    public int SharedIntermediateSize { get; init; }

    /// <summary>Whether a sigmoid gate [1, H] scales the shared experts' output (qwen2_moe).</summary>
    public bool SharedExpertGate { get; init; }

    /// <summary>Number of decoder layers, with and without experts.</summary>
    public required int Layers { get; init; }

    /// <summary>The layers that have experts, ascending.</summary>
    public required IReadOnlyList<int> MoeLayers { get; init; }

    /// <summary>The number type that the file declares for the weights, or null if none or one that <see cref="DType"/> lacks.</summary>
    public DType? WeightType { get; init; }

    /// <summary>The quantisation method that the file declares, for example <c>fp8</c>, or null if none.</summary>
    public string? QuantizationMethod => Quantization?.Method;

    internal QuantizationConfig? Quantization { get; init; }

    internal MoeTensorNames TensorNames { get; init; } = new("mlp");

    /// <summary>Reads <c>config.json</c> of a model directory.</summary>
    /// <param name="path">The directory, or the file itself.</param>
    /// <exception cref="ModelConfigException">A key is missing, ill-typed or out of range, or the family is unknown.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static MoeModelConfig Load(string path)
    {
        var (json, file) = ModelConfigFile.Read(path);
        return Parse(json, file);
    }

    /// <summary>Parses the text of a <c>config.json</c>.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="file">How messages name the file.</param>
    /// <exception cref="ModelConfigException">A key is missing, ill-typed or out of range, or the family is unknown.</exception>
    public static MoeModelConfig Parse(ReadOnlyMemory<byte> json, string file) => ModelConfigFile.Parse(json, file, MoeModelFamilies.Parse);
}
