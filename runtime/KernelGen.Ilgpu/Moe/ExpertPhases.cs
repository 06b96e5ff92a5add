using System.ComponentModel;
using ILGPU;

namespace KernelGen.Ilgpu;

/// <summary>A product of slots with the matrices of their experts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void ExpertProductKernel<TWeight>(
    ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> experts,
    ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertsSizes sizes)
    where TWeight : unmanaged;

/// <summary>What follows a product: slices are added up in order, and what is declared happens to the sums.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void ExpertPhaseKernel<TResult>(
    ArrayView<float> sums, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> inputScales,
    ArrayView<TResult> result, ExpertsSizes sizes)
    where TResult : unmanaged;

/// <summary>Measures or rounds the inputs of a product.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void ExpertRoundingKernel(
    ArrayView<float> source, ArrayView<int> experts, ArrayView<int> largest, ArrayView<float> scales, ArrayView<float> target, ExpertsSizes sizes);

/// <summary>What a product reads.</summary>
/// <param name="Inputs">Hidden states [T, H] or intermediate states [slots, I], as singles or, where sums are integers, integers.</param>
/// <param name="Matrices">The stored weights.</param>
/// <param name="Scales">The scales of their groups; nothing where there are none.</param>
/// <param name="ZeroPoints">The zero points of their groups; nothing where there are none.</param>
/// <param name="Experts">Experts [T, k].</param>
internal readonly record struct ExpertOperands<TWeight>(ArrayView<float> Inputs, ArrayView<TWeight> Matrices, ArrayView<float> Scales, ArrayView<sbyte> ZeroPoints, ArrayView<int> Experts)
    where TWeight : unmanaged;

/// <summary>What a second phase reads.</summary>
/// <param name="Sums">Sums of each slice, [slices, slots, rows].</param>
/// <param name="Scales">Scales of the rows, [E, rows]; not read where groups have scales.</param>
/// <param name="Bias">Biases [E, rows]; nothing where there are none.</param>
/// <param name="Weights">Router weights [T, k].</param>
/// <param name="Experts">Experts [T, k].</param>
/// <param name="InputScales">Scales of the inputs' rows, where those are integers.</param>
internal readonly record struct ExpertPhase(
    ArrayView<float> Sums, ArrayView<float> Scales, ArrayView<float> Bias, ArrayView<float> Weights, ArrayView<int> Experts, ArrayView<float> InputScales);
