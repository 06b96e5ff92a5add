namespace KernelGen;

/// <summary>
/// Declares a product-key router. Every expert is a pair of keys, one per axis, with score Lx[t, i] + Ly[t, j]. The router
/// maps the logits of the two axes [T, n] to the top-k of the n² experts and their scores. The generator adds <c>Route</c>,
/// <c>RouteBackward</c> and <c>Select</c> to the class that carries the attribute.
/// </summary>
/// <remarks>
/// <para>Expert (i, j) has id i · n + j. Scores are fp32 sums, in descending order; among equal scores, the
/// lower id wins. The formula is from Omni-MoE. If the logits are log-softmaxes, a score is the logarithm of a probability.</para>
/// <para>The n² sums are never formed: expert (i, j) can be in the top k only if (rank of i + 1) · (rank of j + 1) ≤ k,
/// where ranks count from 0 within each axis. That leaves about k · ln k pairs.</para>
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class OmniRouterAttribute : Attribute
{
    /// <summary>Number of keys per axis, n: 1 to 4096. There are n² experts.</summary>
    public int ExpertsPerAxis { get; set; }

    /// <summary>Number of experts per token, k: 1 to min(n², 128).</summary>
    public int TopK { get; set; }

    /// <summary>
    /// False emits the kernel template with its constants filled in and nothing else: slow, but close to the template's source, for
    /// debugging and for measuring the effect of specialisation.
    /// </summary>
    public bool Specialize { get; set; } = true;
}
