namespace KernelGen.HuggingFace;

/// <summary>The Mixture-of-Experts layers that a <c>config.json</c> describes, as Hugging Face transformers interprets it.</summary>
/// <remarks>
/// Families: mixtral, qwen2_moe, qwen3_moe, deepseek_v3, kimi_k2, glm4_moe, olmoe, jamba, gpt_oss and llama4.
/// A key that determines a shape is required; one that determines behaviour has the default of the family's class in transformers.
/// Keys that do not affect these layers are ignored.
/// </remarks>
public sealed record MoeModelConfig
{
    internal MoeModelConfig()
    {
    }

    /// <summary>The source file, for messages.</summary>
    public required string File { get; init; }

    /// <summary>The family, for example <c>qwen3_moe</c>; that of the language model if the file describes several models.</summary>
    public string ModelType { get; init; } = "";

    /// <summary>Hidden size H.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Intermediate size I of a routed expert.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of routed experts E.</summary>
    public required int Experts { get; init; }

    /// <summary>Number of routed experts per token, k.</summary>
    public required int TopK { get; init; }

    /// <summary>How logits become scores.</summary>
    public GateScoring Scoring { get; init; } = GateScoring.Softmax;

    /// <summary>Whether the gate has a correction bias [E], used only for selection.</summary>
    public bool CorrectionBias { get; init; }

    /// <summary>Whether the router adds a bias [E] to its logits (gpt_oss).</summary>
    public bool RouterBias { get; init; }

    /// <summary>Number of equal groups of experts; 1 means no groups.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Number of groups that remain eligible for a token.</summary>
    public int TopKGroups { get; init; } = 1;

    /// <summary>Whether a token's k weights are divided by their sum.</summary>
    public bool Renormalize { get; init; }

    /// <summary>Factor for the weights of the routed experts, after <see cref="Renormalize"/>.</summary>
    public float RoutedScalingFactor { get; init; } = 1f;

    /// <summary>Whether the router weight multiplies an expert's input (llama4) instead of its output.</summary>
    public bool RouterWeightOnInput { get; init; }

    /// <summary>The value of <c>hidden_act</c>, for example <c>silu</c>.</summary>
    public required string HiddenActivation { get; init; }

    /// <summary>The experts' activation, or null if <see cref="MoeActivation"/> does not support it.</summary>
    public MoeActivation? Activation { get; init; }

    /// <summary>Whether the experts' projections have biases (gpt_oss).</summary>
    public bool ExpertBias { get; init; }

    /// <summary>Number of shared experts, stored as one MLP; 0 if there are none.</summary>
    public int SharedExperts { get; init; }

    /// <summary>Intermediate size of all shared experts together; 0 if there are none.</summary>
    public int SharedIntermediateSize { get; init; }

    /// <summary>Whether a sigmoid gate [1, H] scales the shared experts' output (qwen2_moe).</summary>
    public bool SharedExpertGate { get; init; }

    /// <summary>Number of decoder layers, including those without experts.</summary>
    public required int Layers { get; init; }

    /// <summary>The layers with experts, in ascending order.</summary>
    public required IReadOnlyList<int> MoeLayers { get; init; }

    /// <summary>The number type that the file declares for the weights, or null if it declares none or one that <see cref="DType"/> lacks.</summary>
    public DType? WeightType { get; init; }

    /// <summary>The quantisation method that the file declares, for example <c>fp8</c>, or null.</summary>
    public string? QuantizationMethod => Quantization?.Method;

    internal QuantizationConfig? Quantization { get; init; }

    internal MoeTensorNames TensorNames { get; init; } = new("mlp");

    /// <summary>Reads the <c>config.json</c> of a model directory.</summary>
    /// <param name="path">The directory, or the file itself.</param>
    /// <exception cref="ModelConfigException">A key is missing, ill-typed or out of range, or the family is unknown.</exception>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    public static MoeModelConfig Load(string path)
    {
        var (json, file) = ModelConfigFile.Read(path);
        return Parse(json, file);
    }

    /// <summary>Parses the text of a <c>config.json</c>.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="file">Name of the file for messages.</param>
    /// <exception cref="ModelConfigException">A key is missing, ill-typed or out of range, or the family is unknown.</exception>
    public static MoeModelConfig Parse(ReadOnlyMemory<byte> json, string file) => ModelConfigFile.Parse(json, file, MoeModelFamilies.Parse);
}
