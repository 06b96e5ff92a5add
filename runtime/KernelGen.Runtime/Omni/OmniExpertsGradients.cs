using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Inputs and outputs of the backward pass of neuron experts. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct OmniExpertsGradients
{
    /// <summary>The forward call; its output holds the gradients with respect to the output.</summary>
    public OmniExpertsArguments Forward;

    /// <summary>Receives the gradients of the hidden states [T, H].</summary>
    public float* Hidden;

    /// <summary>Row stride of <see cref="Hidden"/>.</summary>
    public nint HiddenStride;

    /// <summary>Accumulates the gradients of U [E, H].</summary>
    public float* Up;

    /// <summary>Row stride of <see cref="Up"/>.</summary>
    public nint UpStride;

    /// <summary>Accumulates the gradients of D [E, H].</summary>
    public float* Down;

    /// <summary>Row stride of <see cref="Down"/>.</summary>
    public nint DownStride;

    /// <summary>Receives the gradients of the router weights [T, k].</summary>
    public float* Weights;

    /// <summary>Row stride of <see cref="Weights"/>.</summary>
    public nint WeightsStride;

    /// <summary>Workspace [T · k]: expert in the upper half, slot in the lower half, in ascending order.</summary>
    public long* SortedSlots;

    /// <summary>Workspace [T, k]: the gradient of each slot's x · U.</summary>
    public float* SumGradients;

    /// <summary>Workspace [T, k]: each slot's silu(x · U) · g.</summary>
    public float* Activations;
}
