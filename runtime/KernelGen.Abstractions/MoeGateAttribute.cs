namespace KernelGen;

/// <summary>
/// Declares a Mixture-of-Experts gate: logits [tokens, experts] in, the top-k experts of every token and their weights out.
/// The generator adds <c>Route</c> and <c>Select</c> to the class that carries the attribute.
/// </summary>
/// <remarks>
/// Without a correction bias the groups are scored by their largest score (DeepSeek V2); with one, by the sum of
/// their two largest biased scores (DeepSeek V3, <c>noaux_tc</c>). Among equal scores the lower expert id wins.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class MoeGateAttribute : Attribute
{
    /// <summary>Number of experts E, 1 to 4096.</summary>
    public int Experts { get; set; }

    /// <summary>Experts chosen for each token, k: 1 to min(E, 64).</summary>
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

    /// <summary>
    /// False emits the template with its constants filled in and nothing else: slow, close to the template's text, for
    /// debugging and for measuring what specialisation brings.
    /// </summary>
    public bool Specialize { get; set; } = true;
}
