namespace KernelGen;

/// <summary>How a gate turns the logits of one token into scores.</summary>
public enum GateScoring
{
    /// <summary><c>softmax(x)</c> over all experts of the token (Mixtral, Qwen MoE, DeepSeek V2).</summary>
    Softmax,

    /// <summary><c>σ(x) = 1 / (1 + e⁻ˣ)</c>, each expert by itself (DeepSeek V3, Kimi K2, GLM-4.5).</summary>
    Sigmoid,
}
