using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The numbers that the experts' kernels are called with.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct ExpertsSizes
{
    /// <summary>Elements from one row of hidden states to the next.</summary>
    public long HiddenStride;

    /// <summary>Elements from one row of router weights to the next.</summary>
    public long WeightsStride;

    /// <summary>Elements from one row of experts to the next.</summary>
    public long ExpertsStride;

    /// <summary>Elements from one row of the output to the next.</summary>
    public long OutputStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Slots of a block, all of one expert.</summary>
    public int BlockM;

    /// <summary>1 where every row of the output starts at a multiple of 16 bytes, else 0.</summary>
    public int AlignedOutput;

    /// <summary>Scale that the first product's inputs are rounded with, where it is known beforehand.</summary>
    public float HiddenScale;

    /// <summary>Scale that the second product's inputs are rounded with, where it is known beforehand.</summary>
    public float ActivationScale;

    /// <summary>Keeps the size a multiple of the alignment.</summary>
    public int Unused;
}
