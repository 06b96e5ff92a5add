using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>What a gate kernel reads and writes: some of the tokens of a validated call.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct GateArguments
{
    /// <summary>Logits [tokens, E], of the kernel's type.</summary>
    public void* Logits;

    /// <summary>Elements from one row of logits to the next.</summary>
    public nint LogitsStride;

    /// <summary>Correction bias [E]; null where the gate has none.</summary>
    public float* CorrectionBias;

    /// <summary>Row of the table for each token, [tokens]; null where the gate has no table.</summary>
    public int* TokenIds;

    /// <summary>Expert ids [vocabulary, k]; null where the gate has no table.</summary>
    public int* Table;

    /// <summary>Elements from one row of the table to the next.</summary>
    public nint TableStride;

    /// <summary>Weights [tokens, k], in the order of the experts.</summary>
    public float* Weights;

    /// <summary>Elements from one row of weights to the next.</summary>
    public nint WeightsStride;

    /// <summary>Chosen experts [tokens, k], in descending order of the score that chose them, or as the table has them.</summary>
    public int* Experts;

    /// <summary>Elements from one row of experts to the next.</summary>
    public nint ExpertsStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Every weight is multiplied by this.</summary>
    public float RoutedScalingFactor;

    /// <summary>The same for the tokens from <paramref name="first"/> on, <paramref name="count"/> of them.</summary>
    /// <typeparam name="TLogit">Type of a logit.</typeparam>
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
