using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>The validated arguments of one call of a gate: what a kernel reads and writes.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct GateArguments
{
    /// <summary>Logits [tokens, E].</summary>
    public float* Logits;

    /// <summary>Elements from one row of logits to the next.</summary>
    public nint LogitsStride;

    /// <summary>Correction bias [E]; null where the gate has none.</summary>
    public float* CorrectionBias;

    /// <summary>Weights [tokens, k], in the order of the experts.</summary>
    public float* Weights;

    /// <summary>Elements from one row of weights to the next.</summary>
    public nint WeightsStride;

    /// <summary>Chosen experts [tokens, k], in descending order of the score that chose them.</summary>
    public int* Experts;

    /// <summary>Elements from one row of experts to the next.</summary>
    public nint ExpertsStride;

    /// <summary>Every weight is multiplied by this.</summary>
    public float RoutedScalingFactor;
}
