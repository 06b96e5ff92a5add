using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Inputs and outputs of a call of neuron experts. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct OmniExpertsArguments
{
    /// <summary>Hidden states [T, H].</summary>
    public float* Hidden;

    /// <summary>Row stride of <see cref="Hidden"/>.</summary>
    public nint HiddenStride;

    /// <summary>Every expert's input weights, U [E, H].</summary>
    public float* Up;

    /// <summary>Row stride of <see cref="Up"/>.</summary>
    public nint UpStride;

    /// <summary>Every expert's output weights, D [E, H].</summary>
    public float* Down;

    /// <summary>Row stride of <see cref="Down"/>.</summary>
    public nint DownStride;

    /// <summary>Router weights g [T, k].</summary>
    public float* Weights;

    /// <summary>Row stride of <see cref="Weights"/>.</summary>
    public nint WeightsStride;

    /// <summary>Expert ids [T, k], each 0 … E − 1.</summary>
    public int* Experts;

    /// <summary>Row stride of <see cref="Experts"/>.</summary>
    public nint ExpertsStride;

    /// <summary>Forward: receives the output [T, H]. Backward: the gradients with respect to it.</summary>
    public float* Output;

    /// <summary>Row stride of <see cref="Output"/>.</summary>
    public nint OutputStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;
}
