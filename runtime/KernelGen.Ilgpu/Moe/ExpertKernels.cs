using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>The kernels of one generated variant of experts, and the order in which a call launches them.</summary>
/// <typeparam name="TWeight">The type that kernels know weights by.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ExpertKernels<TWeight>
    where TWeight : unmanaged
{
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<uint>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertSizes>> _prepare;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<TWeight>, ArrayView<int>, ArrayView<float>, ExpertSizes>> _multiplyGateUp;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<TWeight>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertSizes>> _multiplyDown;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertSizes>> _activateSingle;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<ushort>, ExpertSizes>> _activateRounded;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertSizes>> _combineSingle;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<uint>, ArrayView<int>, ArrayView<float>, ExpertSizes>> _combineRounded;
    private readonly ExpertGemmPair[] _pairs;

    /// <summary>Loads nothing yet.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="prepare">Sorts the slots and rounds the hidden states.</param>
    /// <param name="multiplyGateUp">The first product on any device.</param>
    /// <param name="multiplyDown">The second product on any device.</param>
    /// <param name="activateSingle">Adds up and activates, in single precision.</param>
    /// <param name="activateRounded">Adds up and activates, as bfloat16.</param>
    /// <param name="combineSingle">Adds up sums in single precision.</param>
    /// <param name="combineRounded">Adds up sums in bfloat16.</param>
    /// <param name="pairs">The products on tensor cores, the fewest rows of an expert first.</param>
    public ExpertKernels(
        KernelVariant variant,
        ExpertShape shape,
        Action<ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<uint>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertSizes> prepare,
        Action<ArrayView<float>, ArrayView<TWeight>, ArrayView<int>, ArrayView<float>, ExpertSizes> multiplyGateUp,
        Action<ArrayView<float>, ArrayView<TWeight>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertSizes> multiplyDown,
        Action<ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertSizes> activateSingle,
        Action<ArrayView<float>, ArrayView<int>, ArrayView<ushort>, ExpertSizes> activateRounded,
        Action<ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertSizes> combineSingle,
        Action<ArrayView<uint>, ArrayView<int>, ArrayView<float>, ExpertSizes> combineRounded,
        params ExpertGemmPair[] pairs)
    {
        (Variant, Shape, _pairs) = (variant, shape, pairs);
        _prepare = new(variant.Name, prepare, (shape.Experts + ExpertLaunch.MostThreads) * sizeof(int));
        _multiplyGateUp = new(variant.Name, multiplyGateUp);
        _multiplyDown = new(variant.Name, multiplyDown);
        _activateSingle = new(variant.Name, activateSingle);
        _activateRounded = new(variant.Name, activateRounded);
        _combineSingle = new(variant.Name, combineSingle);
        _combineRounded = new(variant.Name, combineRounded);
    }

    /// <summary>The variant.</summary>
    public KernelVariant Variant { get; }

    /// <summary>The kernels' methods, for tools that look at what becomes of them.</summary>
    public IEnumerable<MethodInfo> Methods =>
        [_prepare.Method, _multiplyGateUp.Method, _multiplyDown.Method, _activateSingle.Method, _activateRounded.Method, _combineSingle.Method, _combineRounded.Method];

    /// <summary>The products on tensor cores.</summary>
    public IReadOnlyList<ExpertGemmPair> Pairs => _pairs;

    /// <summary>What tuning files choose, on devices of certain names.</summary>
    public IReadOnlyList<TunedDevice> Tunings { get; init; } = [];

    internal ExpertShape Shape { get; }

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
    internal ExpertGemmPair? Choose(Accelerator accelerator, long slots, in ArrayView<TWeight> gateUp, in ArrayView<TWeight> down)
    {
        if (accelerator is not CudaAccelerator cuda || cuda.Architecture < CudaArchitecture.SM_80) return null;
        if (CudaArguments.Address(gateUp) % 16 != 0 || CudaArguments.Address(down) % 16 != 0) return null;
        var hasWgmma = cuda.Architecture == CudaArchitecture.SM_90;
        if (Tuned(accelerator, slots / Shape.TopK)?.Pair is { } tuned && (hasWgmma || !tuned.NeedsWgmma)) return tuned;
        var usedExperts = Math.Min(slots, Shape.Experts);
        return Array.Find(_pairs, pair => pair.NeedsWgmma == hasWgmma && slots <= pair.MostRows * usedExperts)
            ?? Array.FindLast(_pairs, pair => hasWgmma || !pair.NeedsWgmma);
    }

    /// <summary>Sorts slots and rounds hidden states.</summary>
    internal void Prepare(
        AcceleratorStream stream, in ArrayView<float> hidden, in ArrayView<float> weights, in ArrayView<int> experts, in ArrayView<uint> rounded, in AlignedSlots slots, in ExpertSizes sizes)
    {
        var config = ExpertLaunch.ForPreparation(stream.Accelerator, Shape, sizes.Tokens);
        var kernel = _prepare.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            kernel.Launcher!(stream, config, hidden, weights, experts, rounded, slots.Sorted, slots.BlockExperts, slots.Padded, slots.Weights, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(hidden);
        arguments.Add(weights);
        arguments.Add(experts);
        arguments.Add(rounded);
        arguments.Add(slots.Sorted);
        arguments.Add(slots.BlockExperts);
        arguments.Add(slots.Padded);
        arguments.Add(slots.Weights);
        Launch(ref arguments, sizes, cuda, kernel.CudaFunction, config);
    }

    /// <summary>The first product on any device.</summary>
    internal void MultiplyGateUp(
        AcceleratorStream stream, in ArrayView<float> hidden, in ArrayView<TWeight> gateUp, in ArrayView<int> experts, in ArrayView<float> sums, in ExpertSizes sizes)
    {
        var config = ExpertLaunch.ForItems(stream.Accelerator, ItemsOf(sizes, 2 * Shape.IntermediateSize));
        var kernel = _multiplyGateUp.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            kernel.Launcher!(stream, config, hidden, gateUp, experts, sums, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(hidden);
        arguments.Add(gateUp);
        arguments.Add(experts);
        arguments.Add(sums);
        Launch(ref arguments, sizes, cuda, kernel.CudaFunction, config);
    }

    /// <summary>The second product on any device.</summary>
    internal void MultiplyDown(
        AcceleratorStream stream, in ArrayView<float> intermediate, in ArrayView<TWeight> down, in ArrayView<float> weights, in ArrayView<int> experts, in ArrayView<float> sums, in ExpertSizes sizes)
    {
        var config = ExpertLaunch.ForItems(stream.Accelerator, ItemsOf(sizes, Shape.HiddenSize));
        var kernel = _multiplyDown.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            kernel.Launcher!(stream, config, intermediate, down, weights, experts, sums, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(intermediate);
        arguments.Add(down);
        arguments.Add(weights);
        arguments.Add(experts);
        arguments.Add(sums);
        Launch(ref arguments, sizes, cuda, kernel.CudaFunction, config);
    }

    /// <summary>Adds up the slices of the first product and activates them.</summary>
    internal void Activate(AcceleratorStream stream, in ArrayView<float> sums, in ArrayView<int> experts, in ArrayView<float> intermediate, in ExpertSizes sizes) =>
        RunPhase(_activateSingle, stream, ForIntermediate(stream, sizes), sums, experts, intermediate, sizes);

    /// <summary>The same, as bfloat16.</summary>
    internal void Activate(AcceleratorStream stream, in ArrayView<float> sums, in ArrayView<int> experts, in ArrayView<ushort> intermediate, in ExpertSizes sizes) =>
        RunPhase(_activateRounded, stream, ForIntermediate(stream, sizes), sums, experts, intermediate, sizes);

    /// <summary>Adds up slices and slots.</summary>
    internal void Combine(AcceleratorStream stream, in ArrayView<float> sums, in ArrayView<int> experts, in ArrayView<float> output, in ExpertSizes sizes) =>
        RunPhase(_combineSingle, stream, ExpertLaunch.ForItems(stream.Accelerator, (long)sizes.Tokens * Shape.HiddenSize), sums, experts, output, sizes);

    /// <summary>Adds up slots in bfloat16, two an element.</summary>
    internal void Combine(AcceleratorStream stream, in ArrayView<uint> sums, in ArrayView<int> experts, in ArrayView<float> output, in ExpertSizes sizes) =>
        RunPhase(_combineRounded, stream, ExpertLaunch.ForRows(sizes.Tokens, Shape.HiddenSize), sums, experts, output, sizes);

    private static void RunPhase<TSum, TResult>(
        DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<TSum>, ArrayView<int>, ArrayView<TResult>, ExpertSizes>> phase,
        AcceleratorStream stream, KernelConfig config, in ArrayView<TSum> sums, in ArrayView<int> experts, in ArrayView<TResult> result, in ExpertSizes sizes)
        where TSum : unmanaged
        where TResult : unmanaged
    {
        var kernel = phase.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            kernel.Launcher!(stream, config, sums, experts, result, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(sums);
        arguments.Add(experts);
        arguments.Add(result);
        Launch(ref arguments, sizes, cuda, kernel.CudaFunction, config, phase.Name);
    }

    private static void Launch(ref CudaArguments arguments, in ExpertSizes sizes, CudaStream stream, nint function, in KernelConfig config, string name)
    {
        arguments.Add(sizes, sizeof(long));
        arguments.Launch(new CudaLaunch(function, name, stream, new Index3D(config.GridDim.X, 1, 1), new Index3D(config.GroupDim.X, 1, 1)));
    }

    private void Launch(ref CudaArguments arguments, in ExpertSizes sizes, CudaStream stream, nint function, in KernelConfig config) =>
        Launch(ref arguments, sizes, stream, function, config, Variant.Name);

    private KernelConfig ForIntermediate(AcceleratorStream stream, in ExpertSizes sizes) =>
        ExpertLaunch.ForItems(stream.Accelerator, (long)sizes.Tokens * Shape.TopK * Shape.IntermediateSize);

    // A thread multiplies four rows.
    private long ItemsOf(in ExpertSizes sizes, int rows) => (long)Shape.SplitK * sizes.Tokens * Shape.TopK * ((rows + 3) / 4);
}
