using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The sizes and strides passed to the experts' kernels.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct ExpertsSizes
{
    /// <summary>Row stride of the hidden states.</summary>
    public long HiddenStride;

    /// <summary>Row stride of the router weights.</summary>
    public long WeightsStride;

    /// <summary>Row stride of the expert ids.</summary>
    public long ExpertsStride;

    /// <summary>Row stride of the output.</summary>
    public long OutputStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Slots per block; all belong to one expert.</summary>
    public int BlockM;

    /// <summary>1 if every output row starts at a multiple of 16 bytes, otherwise 0.</summary>
    public int AlignedOutput;

    /// <summary>Static scale of the first GEMM's inputs, if any.</summary>
    public float HiddenScale;

    /// <summary>Static scale of the second GEMM's inputs, if any.</summary>
    public float ActivationScale;

    /// <summary>Padding to a multiple of the alignment.</summary>
    public int Unused;
}
