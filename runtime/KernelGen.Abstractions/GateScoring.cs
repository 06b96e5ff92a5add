namespace KernelGen;

/// <summary>How a gate turns the logits of one token into scores.</summary>
public enum GateScoring
{
    /// <summary><c>softmax(x)</c> over all experts of the token (Mixtral, Qwen MoE, DeepSeek V2).</summary>
    Softmax,

    /// <summary><c>σ(x) = 1 / (1 + e⁻ˣ)</c>, each expert by itself (DeepSeek V3, Kimi K2, GLM-4.5).</summary>
    Sigmoid,

    /// <summary>
    /// <c>√softplus(x) = √ln(1 + eˣ)</c>, each expert by itself (DeepSeek V4). A logit of +∞ has the score ∞: where the weights are
    /// renormalised, such experts share them; elsewhere their weight is infinite.
    /// </summary>
    SqrtSoftplus,
}
