namespace KernelGen;

/// <summary>What an expert does between its two matrix products.</summary>
public enum MoeActivation
{
    /// <summary>SwiGLU: <c>g · σ(g) · u</c> with g the gate projection and u the up projection.</summary>
    SiluAndMul,
}
