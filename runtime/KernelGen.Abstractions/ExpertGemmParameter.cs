using System.ComponentModel;

namespace KernelGen;

/// <summary>The parameters of an expert's tensor-core kernel, in their order: those that the emitted PTX declares and a launch passes.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum ExpertGemmParameter
{
    /// <summary>Activations: bf16 or bytes, [T, H] or [slots, I].</summary>
    Activations,

    /// <summary>Weights, [E, 2I, H] or [E, H, I]: their address, or the tensor map with which they are fetched.</summary>
    Weights,

    /// <summary>The output.</summary>
    Output,

    /// <summary>Sorted slots, [blocks · BLOCK_M]; a number that is no slot pads.</summary>
    SortedSlots,

    /// <summary>The expert of each block.</summary>
    BlockExperts,

    /// <summary>The number of sorted and padded slots, one int.</summary>
    PaddedSlots,

    /// <summary>Router weights, [slots].</summary>
    RouterWeights,

    /// <summary>The number of slots, the one parameter of 32 bits.</summary>
    Slots,

    /// <summary>Biases: fp32, [E, rows of the matrix].</summary>
    Biases,

    /// <summary>Scales of the weights: fp32, [E, rows] or [E, groups, rows].</summary>
    Scales,

    /// <summary>Zero points: bytes, as scales of groups.</summary>
    ZeroPoints,

    /// <summary>Scales of the activations, fp32, [rows] or [rows, groups]: of kernels alone whose activations have the weights' type.</summary>
    InputScales,

    /// <summary>Receives the scales of output that is rounded, fp32, [slots, groups]: of kernels alone that round it.</summary>
    OutputScales,
}
