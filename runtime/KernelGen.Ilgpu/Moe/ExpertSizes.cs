using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The numbers that the experts' kernels are called with.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct ExpertSizes
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
}
