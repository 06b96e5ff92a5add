namespace KernelGen;

/// <summary>
/// The activation between an expert's two GEMMs. g is the gate projection and u the up projection. The last three have
/// no up projection; g is their only first projection.
/// </summary>
public enum MoeActivation
{
    /// <summary>SwiGLU: <c>g · σ(g) · u</c>.</summary>
    SiluAndMul,

    /// <summary>GEGLU: <c>½ g · (1 + erf(g / √2)) · u</c>.</summary>
    GeluAndMul,

    /// <summary>GEGLU with the tanh approximation <c>½ g · (1 + tanh(√(2/π) · (g + 0.044715 g³))) · u</c>.</summary>
    GeluTanhAndMul,

    /// <summary>
    /// gpt-oss: <c>g' · σ(1.702 g') · (u' + 1)</c> with g' = min(g, 7) and u' = clamp(u, −7, 7).
    /// </summary>
    SwigluOai,

    /// <summary>
    /// <c>g' · σ(g') · u'</c> with g' = min(g, L) and u' = clamp(u, −L, L), where L is <see cref="FusedMoeAttribute.ActivationLimit"/>.
    /// </summary>
    SwigluClamp,

    /// <summary><c>g · σ(g)</c>, no up projection.</summary>
    Silu,

    /// <summary><c>½ g · (1 + erf(g / √2))</c>, no up projection.</summary>
    Gelu,

    /// <summary><c>max(g, 0)²</c>, no up projection.</summary>
    Relu2,
}
