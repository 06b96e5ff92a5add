namespace KernelGen;

/// <summary>One of the three matrices of an expert.</summary>
public enum ExpertProjection
{
    /// <summary>[I, H].</summary>
    Gate,

    /// <summary>[I, H].</summary>
    Up,

    /// <summary>[H, I].</summary>
    Down,
}
