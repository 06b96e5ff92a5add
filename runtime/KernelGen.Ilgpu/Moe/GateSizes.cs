using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The sizes and strides passed to a gate kernel.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct GateSizes
{
    /// <summary>Row stride of the logits.</summary>
    public long LogitsStride;

    /// <summary>Row stride of the weights.</summary>
    public long WeightsStride;

    /// <summary>Row stride of the experts.</summary>
    public long ExpertsStride;

    /// <summary>Row stride of the table.</summary>
    public long TableStride;

    /// <summary>Number of table rows.</summary>
    public long TableRows;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Number of tokens to route; the remaining ones get expert −1 and weight 0.</summary>
    public int RoutedTokens;

    /// <summary>Factor for the weight of every routed expert.</summary>
    public float RoutedScalingFactor;

    /// <summary>Padding to a multiple of the alignment.</summary>
    public int Unused;
}
