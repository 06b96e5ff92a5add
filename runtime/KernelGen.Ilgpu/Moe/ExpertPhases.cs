using System.ComponentModel;
using ILGPU;

namespace KernelGen.Ilgpu;

/// <summary>A GEMM of slots with the matrices of their experts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void ExpertGemmKernel<TWeight>(
    ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> experts,
    ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertsSizes sizes)
    where TWeight : unmanaged;

/// <summary>The phase after a GEMM: adds up slices in order and applies the declared epilogue to the sums.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void ExpertPhaseKernel<TResult>(
    ArrayView<float> sums, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> inputScales,
    ArrayView<TResult> result, ExpertsSizes sizes)
    where TResult : unmanaged;

/// <summary>Measures or quantises the inputs of a GEMM.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void ExpertRoundingKernel(
    ArrayView<float> source, ArrayView<int> experts, ArrayView<int> largest, ArrayView<float> scales, ArrayView<float> target, ExpertsSizes sizes);

/// <summary>Inputs of a GEMM.</summary>
/// <param name="Inputs">Hidden states [T, H] or intermediate states [slots, I], fp32 or, with integer accumulators, integers.</param>
/// <param name="Matrices">The stored weights.</param>
/// <param name="Scales">Scales of weight groups; empty if there are none.</param>
/// <param name="ZeroPoints">Zero points of weight groups; empty if there are none.</param>
/// <param name="Experts">Expert ids [T, k].</param>
internal readonly record struct ExpertOperands<TWeight>(ArrayView<float> Inputs, ArrayView<TWeight> Matrices, ArrayView<float> Scales, ArrayView<sbyte> ZeroPoints, ArrayView<int> Experts)
    where TWeight : unmanaged;

/// <summary>Inputs of a second phase.</summary>
/// <param name="Sums">Sums of each slice, [slices, slots, rows].</param>
/// <param name="Scales">Scales of the rows, [E, rows]; not read if groups have scales.</param>
/// <param name="Bias">Biases [E, rows]; empty if there are none.</param>
/// <param name="Weights">Router weights [T, k].</param>
/// <param name="Experts">Expert ids [T, k].</param>
/// <param name="InputScales">Scales of the input rows, if those are integers.</param>
internal readonly record struct ExpertPhase(
    ArrayView<float> Sums, ArrayView<float> Scales, ArrayView<float> Bias, ArrayView<float> Weights, ArrayView<int> Experts, ArrayView<float> InputScales);
