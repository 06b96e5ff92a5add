using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The declared sizes of experts.</summary>
/// <param name="Experts">Number of experts E.</param>
/// <param name="TopK">Number of experts per token, k.</param>
/// <param name="HiddenSize">Hidden size H.</param>
/// <param name="IntermediateSize">Intermediate size I.</param>
/// <param name="SplitK">Number of Split-K slices of both GEMMs.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct DeclaredExperts(int Experts, int TopK, int HiddenSize, int IntermediateSize, int SplitK)
{
    /// <summary>Whether there are up projections in addition to the gate projections.</summary>
    public bool IsGated { get; init; } = true;

    /// <summary>Whether there are biases.</summary>
    public bool HasBias { get; init; }

    /// <summary>How the inputs of the GEMMs are quantised.</summary>
    public ActivationQuantization Inputs { get; init; }

    /// <summary>Number of rows of an expert's first matrix: 2I, or I without up projection.</summary>
    public int GateUpWidth => (IsGated ? 2 : 1) * IntermediateSize;
}
