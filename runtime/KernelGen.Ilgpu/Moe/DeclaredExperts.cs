using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The declared sizes of experts.</summary>
/// <param name="Experts">Number of experts E.</param>
/// <param name="TopK">Experts of each token, k.</param>
/// <param name="HiddenSize">Width H of the hidden states.</param>
/// <param name="IntermediateSize">Width I of the intermediate states.</param>
/// <param name="SplitK">Slices of the reductions.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct DeclaredExperts(int Experts, int TopK, int HiddenSize, int IntermediateSize, int SplitK)
{
    /// <summary>Whether there are up projections beside the gate projections.</summary>
    public bool IsGated { get; init; } = true;

    /// <summary>Whether there are biases.</summary>
    public bool HasBias { get; init; }

    /// <summary>How the inputs of the products are rounded.</summary>
    public ActivationQuantization Inputs { get; init; }

    /// <summary>Rows of an expert's first matrix: 2I, or I without up projections.</summary>
    public int GateUpWidth => (IsGated ? 2 : 1) * IntermediateSize;
}
