namespace KernelGen;

/// <summary>
/// Declares a Mixture-of-Experts gate: logits [tokens, experts] in, the top-k experts of every token and their weights out.
/// The generator adds <c>Route</c> (or <c>RouteByTable</c>) and <c>Select</c> to the class that carries the attribute.
/// </summary>
/// <remarks>
/// <para>Without a correction bias the groups are scored by their largest score (DeepSeek V2); with one, by the sum of
/// their two largest biased scores (DeepSeek V3, <c>noaux_tc</c>). Among equal scores the lower expert id wins.</para>
/// <para>Softmax over the selected logits (gpt-oss) is renormalised softmax, the default. Llama 4 is
/// <c>TopK = 1, Scoring = GateScoring.Sigmoid, Renormalize = false</c>.</para>
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class MoeGateAttribute : Attribute
{
    /// <summary>Number of experts E, 1 to 4096.</summary>
    public int Experts { get; set; }

    /// <summary>Experts of each token, k: 1 to 64, the shared ones included; without them no more than E.</summary>
    public int TopK { get; set; }

    /// <summary>How logits become scores.</summary>
    public GateScoring Scoring { get; set; }

    /// <summary>Whether a bias [E] is added to the scores for the selection (never to the weights).</summary>
    public bool CorrectionBias { get; set; }

    /// <summary>Number of equal groups the experts are divided into; must divide <see cref="Experts"/>.</summary>
    public int Groups { get; set; } = 1;

    /// <summary>Groups that stay eligible for a token; 1 to <see cref="Groups"/>.</summary>
    public int TopKGroups { get; set; } = 1;

    /// <summary>Whether the k weights of a token are divided by their sum.</summary>
    public bool Renormalize { get; set; } = true;

    /// <summary>Number type of the logits: Float32, Float16 or BFloat16. All arithmetic is of single precision.</summary>
    public DType LogitsType { get; set; }

    /// <summary>
    /// How many of the k slots, the last ones, belong to shared experts, which every token has: 0 to k − 1. With n of them
    /// the gate chooses k − n experts and appends the ids E, …, E + n − 1.
    /// </summary>
    /// <remarks>
    /// With rⱼ the chosen scores, divided by their sum if <see cref="Renormalize"/>, and f the routed scaling factor: a chosen
    /// expert's weight is f · rⱼ and a shared expert's is Σ rⱼ, that is (Σ rⱼ / f) · f. So it is 1 where the weights are
    /// renormalised, and shared experts are not scaled.
    /// </remarks>
    public int SharedExperts { get; set; }

    /// <summary>
    /// Whether a table [vocabulary, k] of expert ids says each token's experts (the first layers of DeepSeek V4): their weights
    /// are their scores, divided by the sum if <see cref="Renormalize"/>. Excludes a correction bias, groups and shared experts.
    /// </summary>
    public bool HashTable { get; set; }

    /// <summary>
    /// False emits the template with its constants filled in and nothing else: slow, close to the template's text, for
    /// debugging and for measuring what specialisation brings.
    /// </summary>
    public bool Specialize { get; set; } = true;
}
