namespace KernelGen;

/// <summary>
/// Declares a Mixture-of-Experts gate, which maps the logits [T, E] to the top-k expert ids and weights [T, k] of every token.
/// The generator adds <c>Route</c> (or <c>RouteByTable</c>) and <c>Select</c> to the class that carries the attribute.
/// </summary>
/// <remarks>
/// <para>Without a correction bias, a group is scored by its largest score (DeepSeek V2); with one, by the sum of
/// its two largest biased scores (DeepSeek V3, <c>noaux_tc</c>). Among equal scores, the lower expert id wins.</para>
/// <para>Softmax over the selected logits (gpt-oss) equals renormalised softmax, the default. Llama 4 is
/// <c>TopK = 1, Scoring = GateScoring.Sigmoid, Renormalize = false</c>.</para>
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class MoeGateAttribute : Attribute
{
    /// <summary>Number of experts E, 1 to 4096.</summary>
    public int Experts { get; set; }

    /// <summary>Number of experts per token, k: 1 to 64, including shared experts; without shared experts, at most E.</summary>
    public int TopK { get; set; }

    /// <summary>How logits become scores.</summary>
    public GateScoring Scoring { get; set; }

    /// <summary>Whether a bias [E] is added to the scores for selection (never for the weights).</summary>
    public bool CorrectionBias { get; set; }

    /// <summary>Number of equal groups into which the experts are divided; must divide <see cref="Experts"/>.</summary>
    public int Groups { get; set; } = 1;

    /// <summary>Number of groups that remain eligible for a token, 1 to <see cref="Groups"/>.</summary>
    public int TopKGroups { get; set; } = 1;

    /// <summary>Whether the k weights of a token are divided by their sum.</summary>
    public bool Renormalize { get; set; } = true;

    /// <summary>Number type of the logits: Float32, Float16 or BFloat16. All arithmetic is fp32.</summary>
    public DType LogitsType { get; set; }

    /// <summary>
    /// How many of the k slots, the last ones, belong to shared experts, which serve every token: 0 to k − 1. With n of them,
    /// the gate selects k − n experts and appends the ids E, …, E + n − 1.
    /// </summary>
    /// <remarks>
    /// Let rⱼ be the selected scores, divided by their sum if <see cref="Renormalize"/>, and f the routed scaling factor. The weight of a selected
    /// expert is f · rⱼ, and that of a shared expert is Σ rⱼ, that is, (Σ rⱼ / f) · f. So it is 1 if the weights are
    /// renormalised, and shared experts are not scaled.
    /// </remarks>
    public int SharedExperts { get; set; }

    /// <summary>
    /// Whether a table [vocabulary, k] of expert ids determines each token's experts (the first layers of DeepSeek V4). Their weights
    /// are their scores, divided by the sum if <see cref="Renormalize"/>. Cannot be combined with a correction bias, groups or shared experts.
    /// </summary>
    public bool HashTable { get; set; }

    /// <summary>
    /// False emits the kernel template with its constants filled in and nothing else: slow, but close to the template's source, for
    /// debugging and for measuring the effect of specialisation.
    /// </summary>
    public bool Specialize { get; set; } = true;
}
