namespace KernelGen.HuggingFace;

/// <summary>
/// The sizes of a model's routed experts that determine which kernels are suitable, as a tuner needs them from a <c>config.json</c>. Unlike
/// <see cref="MoeModelConfig"/>, it supports families whose layers this library cannot run, and requires no other keys.
/// </summary>
/// <remarks>
/// Families: mixtral, qwen2_moe, qwen3_moe, qwen3_vl_moe, bailing_moe, deepseek_v2, deepseek_v3, kimi_k2, glm4_moe, mimo_v2_flash, llama4, dbrx, jamba, olmoe,
/// grok-1 and gpt_oss. A multimodal configuration has the language model in <c>text_config</c>.
/// </remarks>
public sealed record ExpertShape
{
    internal ExpertShape()
    {
    }

    /// <summary>The file, or <c>preset NAME</c>, for messages.</summary>
    public required string Source { get; init; }

    /// <summary>The value of <c>model_type</c>.</summary>
    public required string ModelType { get; init; }

    /// <summary>Number of experts E, including a fused shared expert.</summary>
    public required int Experts { get; init; }

    /// <summary>Number of experts per token, k, including a fused shared expert.</summary>
    public required int TopK { get; init; }

    /// <summary>Hidden size H.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Intermediate size I of an expert.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Whether the last expert is a fused shared one, which serves every token and has the routed experts' size.</summary>
    public bool HasSharedExpert { get; init; }

    /// <summary>The experts' activation.</summary>
    public MoeActivation Activation { get; init; } = MoeActivation.SiluAndMul;

    /// <summary>How the weights are stored.</summary>
    public required ExpertShapeFormat Format { get; init; }

    /// <summary>Reads <c>config.json</c>.</summary>
    /// <param name="path">A model directory, or the file itself.</param>
    /// <param name="fuseSharedExpert">Whether a shared expert with the routed experts' size counts as one more of them.</param>
    /// <exception cref="ModelConfigException">A key is missing, ill-typed or out of range, or the family is unknown.</exception>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    public static ExpertShape Load(string path, bool fuseSharedExpert = true)
    {
        var (json, file) = ModelConfigFile.Read(path);
        return Parse(json, file, fuseSharedExpert);
    }

    /// <summary>Parses the text of a <c>config.json</c>.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="source">Name of the text for messages.</param>
    /// <param name="fuseSharedExpert">Whether a shared expert with the routed experts' size counts as one more of them.</param>
    /// <exception cref="ModelConfigException">A key is missing, ill-typed or out of range, or the family is unknown.</exception>
    public static ExpertShape Parse(ReadOnlyMemory<byte> json, string source, bool fuseSharedExpert = true) =>
        ModelConfigFile.Parse(json, source, root => ExpertShapeFamilies.Parse(root, fuseSharedExpert));

    /// <summary>Returns the share of one of <paramref name="tensorParallel"/> ranks: E / ep experts with intermediate size I · ep / tp.</summary>
    /// <param name="tensorParallel">Total number of ranks, tp.</param>
    /// <param name="expertParallel">Number of groups of ranks that divide the experts among them, ep.</param>
    /// <exception cref="ModelConfigException">A size does not divide; the message shows the arithmetic.</exception>
    /// <remarks>A fused shared expert is on every rank. The router still selects among all experts: <see cref="ShardedShape.RoutedExperts"/>.</remarks>
    public ShardedShape Shard(int tensorParallel, int expertParallel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tensorParallel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(expertParallel, 1);
        var shared = HasSharedExpert ? 1 : 0;
        var routed = Experts - shared;
        if (tensorParallel % expertParallel != 0)
            throw Indivisible("the ranks", $"tp / ep = {tensorParallel} / {expertParallel}", (double)tensorParallel / expertParallel);
        if (routed % expertParallel != 0)
            throw Indivisible("the experts", $"E / ep = {routed} / {expertParallel}", (double)routed / expertParallel);
        var slices = tensorParallel / expertParallel;
        if (IntermediateSize % slices != 0)
        {
            throw Indivisible(
                "the intermediate size", $"I * ep / tp = {IntermediateSize} * {expertParallel} / {tensorParallel}", (double)IntermediateSize / slices);
        }

        return new ShardedShape(this, (routed / expertParallel) + shared, IntermediateSize / slices, routed);
    }

    private ModelConfigException Indivisible(string what, string terms, double quotient) =>
        new(FormattableString.Invariant($"{Source}: {what} cannot be divided: {terms} = {quotient:0.###}, not a whole number"));
}

/// <summary>The experts on one of several ranks.</summary>
/// <param name="Whole">The experts of the whole model.</param>
/// <param name="Experts">Number of experts on the rank, including a fused shared expert.</param>
/// <param name="IntermediateSize">Intermediate size on the rank.</param>
/// <param name="RoutedExperts">Number of experts that the router selects among, on all ranks together.</param>
public sealed record ShardedShape(ExpertShape Whole, int Experts, int IntermediateSize, int RoutedExperts);
