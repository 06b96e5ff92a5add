using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>The kernels of one generated variant of experts, and the order in which a call launches them.</summary>
/// <typeparam name="TWeight">The type by which kernels handle weights.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ExpertsKernels<TWeight> : IGeneratedKernels
    where TWeight : unmanaged
{
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<uint>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertsSizes>> _prepare;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<ushort>, ExpertsSizes>> _activate;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertsSizes>> _combineSingle;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<uint>, ArrayView<int>, ArrayView<float>, ExpertsSizes>> _combineRounded;
    private readonly ExpertGemmPair[] _pairs;

    /// <summary>Creates the kernels; nothing is loaded yet.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="shape">The declared sizes.</param>
    /// <param name="portable">The portable GEMMs with their phases.</param>
    /// <param name="prepare">Sorts the slots and rounds the hidden states to bf16.</param>
    /// <param name="activate">Adds up slices and applies the activation, to bf16.</param>
    /// <param name="combineSingle">Adds up weighted fp32 sums.</param>
    /// <param name="combineRounded">Adds up weighted bf16 sums.</param>
    /// <param name="pairs">The tensor-core GEMMs, in ascending order of rows per expert.</param>
    public ExpertsKernels(
        KernelVariant variant,
        DeclaredExperts shape,
        PortableExpertsKernels<TWeight> portable,
        Action<ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<uint>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertsSizes> prepare,
        ExpertPhaseKernel<ushort> activate,
        Action<ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertsSizes> combineSingle,
        Action<ArrayView<uint>, ArrayView<int>, ArrayView<float>, ExpertsSizes> combineRounded,
        params ExpertGemmPair[] pairs)
    {
        (Variant, Shape, Portable, _pairs) = (variant, shape, portable, pairs);
        _prepare = new(variant.Name, prepare, (shape.Experts + ExpertsLaunch.MaxThreads) * sizeof(int));
        _activate = new(variant.Name, activate);
        _combineSingle = new(variant.Name, combineSingle);
        _combineRounded = new(variant.Name, combineRounded);
    }

    private ExpertsKernels(ExpertsKernels<TWeight> other, ExpertGemmPair pair)
    {
        (Variant, Shape, Portable, _pairs) = (other.Variant, other.Shape, other.Portable, [pair]);
        (_prepare, _activate, _combineSingle, _combineRounded, Bytes) = (other._prepare, other._activate, other._combineSingle, other._combineRounded, other.Bytes);
    }

    /// <summary>The variant.</summary>
    public KernelVariant Variant { get; }

    /// <summary>The kernels' methods, for tools that inspect them.</summary>
    public IEnumerable<MethodInfo> Methods => [_prepare.Method, _activate.Method, _combineSingle.Method, _combineRounded.Method, .. Portable.Methods, .. Bytes?.Methods ?? []];

    /// <summary>The tensor-core GEMMs.</summary>
    public IReadOnlyList<ExpertGemmPair> Pairs => _pairs;

    /// <summary>The kernels that quantise the GEMM inputs; null if tensor cores multiply bf16.</summary>
    public ExpertsByteKernels? Bytes { get; init; }

    /// <summary>The choices of tuning files, by device.</summary>
    public IReadOnlyList<TunedDevice> Tunings { get; init; } = [];

    /// <summary>Returns the same kernels with a single pair of tensor-core GEMMs for every number of rows, for a tuner to compare.</summary>
    /// <param name="pair">The GEMMs; with Split-K, with the variant's slice count.</param>
    public ExpertsKernels<TWeight> With(ExpertGemmPair pair) => new(this, pair);

    internal DeclaredExperts Shape { get; }

    /// <summary>The portable GEMMs.</summary>
    internal PortableExpertsKernels<TWeight> Portable { get; }

    /// <summary>The choice of a tuning file for a device and token count; null without a file.</summary>
    internal TunedDeviceChoice? Tuned(Accelerator accelerator, long tokens)
    {
        foreach (var tuning in Tunings)
        {
            if (tuning.IsFor(accelerator)) return tuning.Choose((int)Math.Min(tokens, int.MaxValue));
        }

        return null;
    }

    /// <summary>The tensor-core GEMMs for a device and number of slots; null if the device or the alignment of the weights does not allow any.</summary>
    internal ExpertGemmPair? Choose(Accelerator accelerator, long slots, in ExpertMatrices gateUp, in ExpertMatrices down)
    {
        if (accelerator is not CudaAccelerator cuda || !gateUp.IsAligned || !down.IsAligned) return null;
        if (Tuned(accelerator, slots / Shape.TopK)?.Pair is { } tuned && tuned.RunsOn(cuda)) return tuned;
        var usesWgmma = Array.Exists(_pairs, pair => pair.NeedsWgmma && pair.RunsOn(cuda));
        var usedExperts = Math.Min(slots, Shape.Experts);
        return Array.Find(_pairs, pair => pair.NeedsWgmma == usesWgmma && pair.RunsOn(cuda) && slots <= pair.MaxSlots && slots <= pair.MaxRows * usedExperts);
    }

    /// <summary>Sorts slots and rounds hidden states to bf16.</summary>
    internal void Prepare(
        AcceleratorStream stream, in ArrayView<float> hidden, in ArrayView<float> weights, in ArrayView<int> experts, in ArrayView<uint> rounded, in AlignedSlots slots, in ExpertsSizes sizes) =>
        _prepare.Launch(
            stream, ExpertsLaunch.ForPreparation(stream.Accelerator, Shape, sizes.Tokens), hidden, weights, experts, rounded, slots.Sorted, slots.BlockExperts, slots.Padded, slots.Weights, sizes);

    /// <summary>Sorts slots.</summary>
    internal void Sort(AcceleratorStream stream, in ArrayView<float> weights, in ArrayView<int> experts, in AlignedSlots slots, in ExpertsSizes sizes) =>
        _prepare.Launch(
            stream, ExpertsLaunch.ForSorting(stream.Accelerator, (long)sizes.Tokens * Shape.TopK), default, weights, experts, default, slots.Sorted, slots.BlockExperts, slots.Padded, slots.Weights, sizes);

    /// <summary>Adds up the slices of the first GEMM and applies the activation, to bf16.</summary>
    internal void Activate(AcceleratorStream stream, in ExpertPhase phase, in ArrayView<ushort> intermediate, in ExpertsSizes sizes) => _activate.Launch(
        stream, ExpertsLaunch.ForItems(stream.Accelerator, (long)sizes.Tokens * Shape.TopK * Shape.IntermediateSize),
        phase.Sums, phase.Scales, phase.Bias, phase.Weights, phase.Experts, phase.InputScales, intermediate, sizes);

    /// <summary>Adds up weighted slices and slots.</summary>
    internal void Combine(AcceleratorStream stream, in ArrayView<float> sums, in ArrayView<int> experts, in ArrayView<float> output, in ExpertsSizes sizes) =>
        _combineSingle.Launch(stream, ExpertsLaunch.ForItems(stream.Accelerator, (long)sizes.Tokens * Shape.HiddenSize), sums, experts, output, sizes);

    /// <summary>Adds up weighted slots in bf16, two per element.</summary>
    internal void Combine(AcceleratorStream stream, in ArrayView<uint> sums, in ArrayView<int> experts, in ArrayView<float> output, in ExpertsSizes sizes) =>
        _combineRounded.Launch(stream, ExpertsLaunch.ForRows(sizes.Tokens, Shape.HiddenSize), sums, experts, output, sizes);
}
