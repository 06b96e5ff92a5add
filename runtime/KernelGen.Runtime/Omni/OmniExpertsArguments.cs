using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>What a call of one-neuron experts reads and writes. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct OmniExpertsArguments
{
    /// <summary>Hidden states [T, H].</summary>
    public float* Hidden;

    /// <summary>Distance of two rows of <see cref="Hidden"/>.</summary>
    public nint HiddenStride;

    /// <summary>Every expert's input weights, U [E, H].</summary>
    public float* Up;

    /// <summary>Distance of two rows of <see cref="Up"/>.</summary>
    public nint UpStride;

    /// <summary>Every expert's output weights, D [E, H].</summary>
    public float* Down;

    /// <summary>Distance of two rows of <see cref="Down"/>.</summary>
    public nint DownStride;

    /// <summary>Router weights g [T, k].</summary>
    public float* Weights;

    /// <summary>Distance of two rows of <see cref="Weights"/>.</summary>
    public nint WeightsStride;

    /// <summary>Expert ids [T, k], each 0 … E − 1.</summary>
    public int* Experts;

    /// <summary>Distance of two rows of <see cref="Experts"/>.</summary>
    public nint ExpertsStride;

    /// <summary>Forward: receives the result [T, H]. Backward: its gradients.</summary>
    public float* Output;

    /// <summary>Distance of two rows of <see cref="Output"/>.</summary>
    public nint OutputStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;
}
