using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>What a gate kernel reads and writes: some of the tokens of a validated call.</summary>
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

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Every weight is multiplied by this.</summary>
    public float RoutedScalingFactor;

    /// <summary>The same for the tokens from <paramref name="first"/> on, <paramref name="count"/> of them.</summary>
    public readonly GateArguments Slice(int first, int count) => this with
    {
        Logits = Logits + (first * LogitsStride),
        Weights = Weights + (first * WeightsStride),
        Experts = Experts + (first * ExpertsStride),
        Tokens = count,
    };
}
