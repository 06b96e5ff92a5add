using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The declared sizes of experts.</summary>
/// <param name="Experts">Number of experts E.</param>
/// <param name="TopK">Experts of each token, k.</param>
/// <param name="HiddenSize">Width H of the hidden states.</param>
/// <param name="IntermediateSize">Width I of the intermediate states.</param>
/// <param name="SplitK">Slices of the reductions.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct ExpertShape(int Experts, int TopK, int HiddenSize, int IntermediateSize, int SplitK);
