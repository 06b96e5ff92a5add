namespace KernelGen;

/// <summary>
/// How the inputs of both GEMMs are quantised to the weight type (w8a8): x becomes q = round(x / s), and the sum of the products of stored
/// numbers is multiplied by both scales. A dynamic scale derives from the largest magnitude a = max(|x|, 1e-10) of the numbers that share it:
/// s = a / 448 for 8-bit floats, a / 127 for 8-bit integers.
/// </summary>
public enum ActivationQuantization
{
    /// <summary>Inputs stay in fp32 (w8a16, w4a16).</summary>
    None,

    /// <summary>One scale for all tokens, known in advance: part of the weights' <c>ExpertScales</c>.</summary>
    StaticTensor,

    /// <summary>One scale for all tokens of a call. The result of a token then depends on the others.</summary>
    DynamicTensor,

    /// <summary>One scale per token.</summary>
    DynamicToken,

    /// <summary>One scale for every 128 consecutive elements of a token.</summary>
    DynamicGroup128,
}
