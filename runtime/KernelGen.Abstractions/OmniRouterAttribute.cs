namespace KernelGen;

/// <summary>
/// Declares a product-key router: every expert is a pair of keys, one of each axis, and scores Lx[t, i] + Ly[t, j]. The
/// axes' logits [tokens, n] go in; the top-k of the n² experts and their scores come out. The generator adds <c>Route</c>,
/// <c>RouteBackward</c> and <c>Select</c> to the class that carries the attribute.
/// </summary>
/// <remarks>
/// <para>Expert (i, j) has the id i · n + j. Scores are single-precision sums, in descending order; among equal scores the
/// lower id wins. The formula is Omni-MoE's; the sum of log-softmaxes makes a score the logarithm of a probability.</para>
/// <para>The n² sums are never formed: expert (i, j) can be among the best k only if (rank of i + 1) · (rank of j + 1) ≤ k,
/// with ranks counted from 0 within each axis. That leaves about k · ln k pairs.</para>
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class OmniRouterAttribute : Attribute
{
    /// <summary>Keys of an axis, n: 1 to 4096. There are n² experts.</summary>
    public int ExpertsPerAxis { get; set; }

    /// <summary>Experts chosen for each token, k: 1 to min(n², 128).</summary>
    public int TopK { get; set; }

    /// <summary>
    /// False emits the template with its constants filled in and nothing else: slow, close to the template's text, for
    /// debugging and for measuring what specialisation brings.
    /// </summary>
    public bool Specialize { get; set; } = true;
}
