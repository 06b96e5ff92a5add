using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>The kernels of one generated variant of experts, and the order in which a call launches them.</summary>
/// <typeparam name="TWeight">The type that kernels know weights by.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ExpertsKernels<TWeight> : IGeneratedKernels
    where TWeight : unmanaged
{
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<uint>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertsSizes>> _prepare;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<ushort>, ExpertsSizes>> _activate;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertsSizes>> _combineSingle;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<uint>, ArrayView<int>, ArrayView<float>, ExpertsSizes>> _combineRounded;
    private readonly ExpertGemmPair[] _pairs;

    /// <summary>Loads nothing yet.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="portable">The products on devices of every kind, and what goes with them.</param>
    /// <param name="prepare">Sorts the slots and rounds the hidden states.</param>
    /// <param name="activate">Adds up and activates, as bfloat16.</param>
    /// <param name="combineSingle">Adds up weighted sums in single precision.</param>
    /// <param name="combineRounded">Adds up weighted sums in bfloat16.</param>
    /// <param name="pairs">The products on tensor cores, the fewest rows of an expert first.</param>
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

    /// <summary>The kernels' methods, for tools that look at what becomes of them.</summary>
    public IEnumerable<MethodInfo> Methods => [_prepare.Method, _activate.Method, _combineSingle.Method, _combineRounded.Method, .. Portable.Methods, .. Bytes?.Methods ?? []];

    /// <summary>The products on tensor cores.</summary>
    public IReadOnlyList<ExpertGemmPair> Pairs => _pairs;

    /// <summary>What makes bytes of the products' inputs; null where tensor cores multiply bfloat16.</summary>
    public ExpertsByteKernels? Bytes { get; init; }

    /// <summary>What tuning files choose, on devices of certain names.</summary>
    public IReadOnlyList<TunedDevice> Tunings { get; init; } = [];

    /// <summary>The same with one choice of products on tensor cores, whatever the number of rows: what a tuner compares.</summary>
    /// <param name="pair">The products; sliced ones in as many slices as the variant.</param>
    public ExpertsKernels<TWeight> With(ExpertGemmPair pair) => new(this, pair);

    internal DeclaredExperts Shape { get; }

    /// <summary>The products on devices of every kind.</summary>
    internal PortableExpertsKernels<TWeight> Portable { get; }

    /// <summary>What a tuning file chooses for a device and so many tokens; null without a file for it.</summary>
    internal TunedDeviceChoice? Tuned(Accelerator accelerator, long tokens)
    {
        foreach (var tuning in Tunings)
        {
            if (tuning.IsFor(accelerator)) return tuning.Choose((int)Math.Min(tokens, int.MaxValue));
        }

        return null;
    }

    /// <summary>The products on tensor cores for a device and so many slots; null where the device or the alignment of the weights allows none.</summary>
    internal ExpertGemmPair? Choose(Accelerator accelerator, long slots, in ExpertMatrices gateUp, in ExpertMatrices down)
    {
        if (accelerator is not CudaAccelerator cuda || !gateUp.IsAligned || !down.IsAligned) return null;
        if (Tuned(accelerator, slots / Shape.TopK)?.Pair is { } tuned && tuned.RunsOn(cuda)) return tuned;
        var usesWgmma = Array.Exists(_pairs, pair => pair.NeedsWgmma && pair.RunsOn(cuda));
        var usedExperts = Math.Min(slots, Shape.Experts);
        return Array.Find(_pairs, pair => pair.NeedsWgmma == usesWgmma && pair.RunsOn(cuda) && slots <= pair.MaxSlots && slots <= pair.MaxRows * usedExperts);
    }

    /// <summary>Sorts slots and rounds hidden states.</summary>
    internal void Prepare(
        AcceleratorStream stream, in ArrayView<float> hidden, in ArrayView<float> weights, in ArrayView<int> experts, in ArrayView<uint> rounded, in AlignedSlots slots, in ExpertsSizes sizes) =>
        _prepare.Launch(
            stream, ExpertsLaunch.ForPreparation(stream.Accelerator, Shape, sizes.Tokens), hidden, weights, experts, rounded, slots.Sorted, slots.BlockExperts, slots.Padded, slots.Weights, sizes);

    /// <summary>Sorts slots.</summary>
    internal void Sort(AcceleratorStream stream, in ArrayView<float> weights, in ArrayView<int> experts, in AlignedSlots slots, in ExpertsSizes sizes) =>
        _prepare.Launch(
            stream, ExpertsLaunch.ForSorting(stream.Accelerator, (long)sizes.Tokens * Shape.TopK), default, weights, experts, default, slots.Sorted, slots.BlockExperts, slots.Padded, slots.Weights, sizes);

    /// <summary>Adds up the slices of the first product and activates them, as bfloat16.</summary>
    internal void Activate(AcceleratorStream stream, in ExpertPhase phase, in ArrayView<ushort> intermediate, in ExpertsSizes sizes) => _activate.Launch(
        stream, ExpertsLaunch.ForItems(stream.Accelerator, (long)sizes.Tokens * Shape.TopK * Shape.IntermediateSize),
        phase.Sums, phase.Scales, phase.Bias, phase.Weights, phase.Experts, phase.InputScales, intermediate, sizes);

    /// <summary>Adds up weighted slices and slots.</summary>
    internal void Combine(AcceleratorStream stream, in ArrayView<float> sums, in ArrayView<int> experts, in ArrayView<float> output, in ExpertsSizes sizes) =>
        _combineSingle.Launch(stream, ExpertsLaunch.ForItems(stream.Accelerator, (long)sizes.Tokens * Shape.HiddenSize), sums, experts, output, sizes);

    /// <summary>Adds up weighted slots in bfloat16, two an element.</summary>
    internal void Combine(AcceleratorStream stream, in ArrayView<uint> sums, in ArrayView<int> experts, in ArrayView<float> output, in ExpertsSizes sizes) =>
        _combineRounded.Launch(stream, ExpertsLaunch.ForRows(sizes.Tokens, Shape.HiddenSize), sums, experts, output, sizes);
}
