namespace KernelGen;

/// <summary>How a gate turns the logits of one token into scores.</summary>
public enum GateScoring
{
    /// <summary><c>softmax(x)</c> over all experts of the token (Mixtral, Qwen MoE, DeepSeek V2).</summary>
    Softmax,

    /// <summary><c>σ(x) = 1 / (1 + e⁻ˣ)</c>, for each expert separately (DeepSeek V3, Kimi K2, GLM-4.5).</summary>
    Sigmoid,

    /// <summary>
    /// <c>√softplus(x) = √ln(1 + eˣ)</c>, for each expert separately (DeepSeek V4). A logit of +∞ has score ∞: with renormalised weights,
    /// such experts share the whole weight equally; otherwise their weight is infinite.
    /// </summary>
    SqrtSoftplus,
}
