using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The numbers that a gate kernel is called with.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct GateSizes
{
    /// <summary>Elements from one row of logits to the next.</summary>
    public long LogitsStride;

    /// <summary>Elements from one row of weights to the next.</summary>
    public long WeightsStride;

    /// <summary>Elements from one row of experts to the next.</summary>
    public long ExpertsStride;

    /// <summary>Elements from one row of the table to the next.</summary>
    public long TableStride;

    /// <summary>Rows of the table.</summary>
    public long TableRows;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Tokens that are routed; those behind them get the expert −1 and the weight 0.</summary>
    public int RoutedTokens;

    /// <summary>Every routed expert's weight is multiplied by this.</summary>
    public float RoutedScalingFactor;

    /// <summary>Keeps the size a multiple of the alignment.</summary>
    public int Unused;
}
