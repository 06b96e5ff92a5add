using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <summary>
/// The experts of a Mixture-of-Experts layer on a device. A slot is one chosen expert of one token: slot t·k + j is the j-th of
/// token t. On CUDA devices with tensor cores the two products may be PTX, between <see cref="Prepare"/> and the combination; on every
/// other device, and for every format that PTX lacks, they are kernels of this template too.
/// </summary>
/// <remarks>
/// Products yield bare sums, of Split-K slices apart. A second phase adds slices in order and does all else: scales, router weight, biases,
/// activation; so the bits are the same every time.
/// </remarks>
[KernelTemplate]
internal static partial class FusedMoe<[Specialize] TWeight, [Specialize] TSum>
    where TWeight : unmanaged
    where TSum : unmanaged
{
    [Specialize] private const int Experts = 8;
    [Specialize] private const int TopK = 2;
    [Specialize] private const int HiddenSize = 64;
    [Specialize] private const int IntermediateSize = 64;
    [Specialize] private const MoeActivation Activation = MoeActivation.SiluAndMul;
    [Specialize] private const float ActivationLimit = 0f;
    [Specialize] private const bool Bias = false;
    [Specialize] private const bool RouterWeightOnInput = false;
    [Specialize] private const int SplitK = 1;

    /// <summary>Whether there is an up projection beside the gate projection.</summary>
    private const bool Gated = Activation != MoeActivation.Silu && Activation != MoeActivation.Gelu && Activation != MoeActivation.Relu2;

    private const int GateUpWidth = (Gated ? 2 : 1) * IntermediateSize;

    /// <summary>The thread's number in the grid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Index() => (Grid.IdxX * (long)Group.DimX) + Group.IdxX;

    /// <summary>The expert of a slot; what is not 0 … E − 1 leaves the slot out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ExpertOf(ArrayView<int> experts, ExpertsSizes sizes, int slot) => experts[(slot / TopK * sizes.ExpertsStride) + (slot % TopK)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float RouterWeight(ArrayView<float> weights, ExpertsSizes sizes, int slot) => weights[(slot / TopK * sizes.WeightsStride) + (slot % TopK)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsExpert(int expert) => (uint)expert < Experts;
}
