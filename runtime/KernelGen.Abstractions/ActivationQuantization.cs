namespace KernelGen;

/// <summary>
/// How the inputs of both products are rounded to the type of the weights, w8a8: x becomes q = round(x / s), the product is that of the
/// stored numbers, times both scales. A dynamic scale comes from the largest magnitude a = max(|x|, 1e-10) of the numbers that share it:
/// s = a / 448 for 8-bit floats, a / 127 for 8-bit integers.
/// </summary>
public enum ActivationQuantization
{
    /// <summary>Inputs stay in single precision (w8a16, w4a16).</summary>
    None,

    /// <summary>One scale for all tokens, known beforehand: it comes with the weights' <c>ExpertScales</c>.</summary>
    StaticTensor,

    /// <summary>One scale for all tokens of a call. The result of a token then depends on the others.</summary>
    DynamicTensor,

    /// <summary>One scale a token.</summary>
    DynamicToken,

    /// <summary>One scale for each 128 neighbours of a token.</summary>
    DynamicGroup128,
}
