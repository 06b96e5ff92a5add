using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The sizes passed to the kernels of neuron experts. Strides are row strides in elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct OmniExpertsSizes
{
    /// <summary>Stride of the hidden states.</summary>
    public long HiddenStride;

    /// <summary>Stride of U.</summary>
    public long UpStride;

    /// <summary>Stride of D.</summary>
    public long DownStride;

    /// <summary>Stride of the router weights.</summary>
    public long WeightsStride;

    /// <summary>Stride of the ids.</summary>
    public long ExpertsStride;

    /// <summary>Stride of the output, or of the gradients with respect to it.</summary>
    public long OutputStride;

    /// <summary>Stride of the gradients of the hidden states.</summary>
    public long GradHiddenStride;

    /// <summary>Stride of the gradients of U.</summary>
    public long GradUpStride;

    /// <summary>Stride of the gradients of D.</summary>
    public long GradDownStride;

    /// <summary>Stride of the gradients of the router weights.</summary>
    public long GradWeightsStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Padding to a multiple of the alignment.</summary>
    public int Unused;
}
