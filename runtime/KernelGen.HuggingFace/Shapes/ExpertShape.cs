namespace KernelGen.HuggingFace;

/// <summary>
/// The numbers of a model's routed experts, as far as they decide which kernels suit: what a tuner needs of a <c>config.json</c>. Unlike
/// <see cref="MoeModelConfig"/> it knows families whose layers this library cannot run, and asks for no key that it does not need.
/// </summary>
/// <remarks>
/// Families: mixtral, qwen2_moe, qwen3_moe, qwen3_vl_moe, bailing_moe, deepseek_v2, deepseek_v3, kimi_k2, glm4_moe, mimo_v2_flash, llama4, dbrx, jamba, olmoe,
/// grok-1 and gpt_oss. A file that describes several models keeps the language model in <c>text_config</c>.
/// </remarks>
public sealed record ExpertShape
{
    internal ExpertShape()
    {
    }

    /// <summary>The file, or <c>preset NAME</c>: how messages name it.</summary>
    public required string Source { get; init; }

    /// <summary>What <c>model_type</c> says.</summary>
    public required string ModelType { get; init; }

    /// <summary>Number of experts E; with the shared one, if it is fused.</summary>
    public required int Experts { get; init; }

    /// <summary>Experts of each token, k; with the shared one, if it is fused.</summary>
    public required int TopK { get; init; }

    /// <summary>Width H of the hidden states.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width I of one expert's intermediate states.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Whether the last expert is a shared one, which every token has: one of the same width as the routed ones.</summary>
    public bool HasSharedExpert { get; init; }

    /// <summary>What the experts compute.</summary>
    public MoeActivation Activation { get; init; } = MoeActivation.SiluAndMul;

    /// <summary>How the weights are stored.</summary>
    public required ExpertShapeFormat Format { get; init; }

    /// <summary>Reads <c>config.json</c>.</summary>
    /// <param name="path">A model directory, or the file itself.</param>
    /// <param name="fuseSharedExpert">Whether a shared expert as wide as the routed ones is taken as one more of them.</param>
    /// <exception cref="ModelConfigException">A key is missing, ill-typed or out of range, or the family is unknown.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static ExpertShape Load(string path, bool fuseSharedExpert = true)
    {
        var (json, file) = ModelConfigFile.Read(path);
        return Parse(json, file, fuseSharedExpert);
    }

    /// <summary>Parses the text of a <c>config.json</c>.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="source">How messages name the text.</param>
    /// <param name="fuseSharedExpert">Whether a shared expert as wide as the routed ones is taken as one more of them.</param>
    /// <exception cref="ModelConfigException">A key is missing, ill-typed or out of range, or the family is unknown.</exception>
    public static ExpertShape Parse(ReadOnlyMemory<byte> json, string source, bool fuseSharedExpert = true) =>
        ModelConfigFile.Parse(json, source, root => ExpertShapeFamilies.Parse(root, fuseSharedExpert));

    /// <summary>What one of <paramref name="tensorParallel"/> ranks holds: E / ep experts of width I · ep / tp.</summary>
    /// <param name="tensorParallel">Ranks in all, tp.</param>
    /// <param name="expertParallel">Groups of ranks that share the experts out, ep.</param>
    /// <exception cref="ModelConfigException">Something does not divide; the message shows the arithmetic.</exception>
    /// <remarks>A fused shared expert is on every rank. The router still chooses among all experts: <see cref="ShardedShape.RoutedExperts"/>.</remarks>
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
        new(FormattableString.Invariant($"{Source}: {what} cannot be divided: {terms} = {quotient:0.###}, no whole number"));
}

/// <summary>The experts that one rank of several holds.</summary>
/// <param name="Whole">The whole model's.</param>
/// <param name="Experts">Experts of the rank, a fused shared one included.</param>
/// <param name="IntermediateSize">Columns of each that the rank holds.</param>
/// <param name="RoutedExperts">Experts that the router chooses among, on all ranks together.</param>
public sealed record ShardedShape(ExpertShape Whole, int Experts, int IntermediateSize, int RoutedExperts);
