using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>What the backward pass of one-neuron experts reads and writes. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct OmniExpertsGradients
{
    /// <summary>The forward call; its output is the gradients of the output.</summary>
    public OmniExpertsArguments Forward;

    /// <summary>Receives the gradients of the hidden states [T, H].</summary>
    public float* Hidden;

    /// <summary>Distance of two rows of <see cref="Hidden"/>.</summary>
    public nint HiddenStride;

    /// <summary>The gradients of U [E, H] are added to this.</summary>
    public float* Up;

    /// <summary>Distance of two rows of <see cref="Up"/>.</summary>
    public nint UpStride;

    /// <summary>The gradients of D [E, H] are added to this.</summary>
    public float* Down;

    /// <summary>Distance of two rows of <see cref="Down"/>.</summary>
    public nint DownStride;

    /// <summary>Receives the gradients of the router weights [T, k].</summary>
    public float* Weights;

    /// <summary>Distance of two rows of <see cref="Weights"/>.</summary>
    public nint WeightsStride;

    /// <summary>Workspace [T · k]: expert in the upper half, slot in the lower, in ascending order.</summary>
    public long* SortedSlots;

    /// <summary>Workspace [T, k]: the gradient of each slot's x · U.</summary>
    public float* SumGradients;

    /// <summary>Workspace [T, k]: each slot's silu(x · U) · g.</summary>
    public float* Activations;
}
