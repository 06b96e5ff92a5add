using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Inputs and outputs of a gate kernel: a range of the tokens of a validated call.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct GateArguments
{
    /// <summary>Logits [tokens, E], of the kernel's logit type.</summary>
    public void* Logits;

    /// <summary>Row stride of the logits.</summary>
    public nint LogitsStride;

    /// <summary>Correction bias [E]; null if the gate has none.</summary>
    public float* CorrectionBias;

    /// <summary>Table row of each token, [tokens]; null if the gate has no table.</summary>
    public int* TokenIds;

    /// <summary>Expert ids [vocabulary, k]; null if the gate has no table.</summary>
    public int* Table;

    /// <summary>Row stride of the table.</summary>
    public nint TableStride;

    /// <summary>Router weights [tokens, k], in the order of the experts.</summary>
    public float* Weights;

    /// <summary>Row stride of the weights.</summary>
    public nint WeightsStride;

    /// <summary>Selected experts [tokens, k], in descending order of the score that selected them, or as in the table.</summary>
    public int* Experts;

    /// <summary>Row stride of the experts.</summary>
    public nint ExpertsStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Factor for every weight.</summary>
    public float RoutedScalingFactor;

    /// <summary>The same for <paramref name="count"/> tokens starting at <paramref name="first"/>.</summary>
    /// <typeparam name="TLogit">Logit type.</typeparam>
    public readonly GateArguments Slice<TLogit>(int first, int count)
        where TLogit : unmanaged => this with
    {
        Logits = (TLogit*)Logits + (first * LogitsStride),
        TokenIds = TokenIds is null ? null : TokenIds + first,
        Weights = Weights + (first * WeightsStride),
        Experts = Experts + (first * ExpertsStride),
        Tokens = count,
    };
}
