namespace KernelGen;

/// <summary>
/// Declares experts of one neuron each, of which a product-key router chooses: U and D [n², H] hold a row for every expert,
/// and out[t] = Σ silu(x[t] · U[e]) · g · D[e] over a token's k experts e with weights g. The generator adds <c>Forward</c>,
/// <c>Backward</c> and <c>Select</c> to the class that carries the attribute. The formula is Omni-MoE's.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class OmniExpertsAttribute : Attribute
{
    /// <summary>Keys of an axis of the router, n: 1 to 4096. There are n² experts.</summary>
    public int ExpertsPerAxis { get; set; }

    /// <summary>Experts of each token, k: 1 to min(n², 128).</summary>
    public int TopK { get; set; }

    /// <summary>Width H of the hidden states, 1 to 65,536.</summary>
    public int HiddenSize { get; set; }

    /// <summary>
    /// False emits the template with its constants filled in and nothing else: slow, close to the template's text, for
    /// debugging and for measuring what specialisation brings.
    /// </summary>
    public bool Specialize { get; set; } = true;
}
