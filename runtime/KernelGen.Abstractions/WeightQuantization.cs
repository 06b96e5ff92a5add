namespace KernelGen;

/// <summary>Which weights of a matrix [N, K] share a scale. A weight is its stored number, less its zero point, times the scale.</summary>
public enum WeightQuantization
{
    /// <summary>Weights are numbers as they are.</summary>
    None,

    /// <summary>All of a matrix: scales [E].</summary>
    Tensor,

    /// <summary>A row: scales [E, N].</summary>
    Channel,

    /// <summary>Blocks of 128 rows by 128 columns: scales [E, ⌈N / 128⌉, ⌈K / 128⌉].</summary>
    Block128,

    /// <summary>Groups of neighbours in a row: scales [E, N, ⌈K / g⌉].</summary>
    Group,
}
