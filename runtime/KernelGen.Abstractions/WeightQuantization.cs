namespace KernelGen;

/// <summary>Which weights of a matrix [N, K] share a scale. A weight is (stored number − zero point) · scale.</summary>
public enum WeightQuantization
{
    /// <summary>Weights are not quantised.</summary>
    None,

    /// <summary>One scale per matrix: scales [E].</summary>
    Tensor,

    /// <summary>One scale per row: scales [E, N].</summary>
    Channel,

    /// <summary>One scale per block of 128 rows by 128 columns: scales [E, ⌈N / 128⌉, ⌈K / 128⌉].</summary>
    Block128,

    /// <summary>One scale per group of g consecutive weights in a row: scales [E, N, ⌈K / g⌉].</summary>
    Group,
}
