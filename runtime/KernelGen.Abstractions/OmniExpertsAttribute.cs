namespace KernelGen;

/// <summary>
/// Declares neuron experts (each expert is a single neuron), selected by a product-key router: U and D [n², H] have one row per expert,
/// and out[t] = Σ silu(x[t] · U[e]) · g · D[e] over a token's k experts e with router weights g. The generator adds <c>Forward</c>,
/// <c>Backward</c> and <c>Select</c> to the class that carries the attribute. The formula is from Omni-MoE.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class OmniExpertsAttribute : Attribute
{
    /// <summary>Number of keys per axis of the router, n: 1 to 4096. There are n² experts.</summary>
    public int ExpertsPerAxis { get; set; }

    /// <summary>Number of experts per token, k: 1 to min(n², 128).</summary>
    public int TopK { get; set; }

    /// <summary>Hidden size H, 1 to 65,536.</summary>
    public int HiddenSize { get; set; }

    /// <summary>
    /// False emits the kernel template with its constants filled in and nothing else: slow, but close to the template's source, for
    /// debugging and for measuring the effect of specialisation.
    /// </summary>
    public bool Specialize { get; set; } = true;
}
