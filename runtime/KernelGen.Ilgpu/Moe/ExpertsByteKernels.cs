using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>The kernels that quantise the inputs of both GEMMs to 8 bits, for 8-bit tensor cores.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ExpertsByteKernels
{
    // Per thread, as in the kernel template.
    private const int NumbersAtOnce = 4;

    private readonly DeclaredExperts _shape;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<byte>, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertsSizes>> _prepare;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<byte>, ArrayView<float>, ExpertsSizes>> _intermediate;

    /// <summary>Creates the kernels; nothing is loaded yet.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="shape">The declared sizes.</param>
    /// <param name="prepare">Sorts the slots and quantises the hidden states.</param>
    /// <param name="intermediate">Quantises the intermediate states.</param>
    public ExpertsByteKernels(
        KernelVariant variant,
        DeclaredExperts shape,
        Action<ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<byte>, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertsSizes> prepare,
        Action<ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<byte>, ArrayView<float>, ExpertsSizes> intermediate)
    {
        const int Maxima = Warps.Lanes;
        _shape = shape;
        _prepare = new(variant.Name, prepare, (shape.Experts + ExpertsLaunch.MaxThreads + Maxima) * sizeof(int));
        _intermediate = new(variant.Name, intermediate, Maxima * sizeof(int));
    }

    /// <summary>The kernels' methods, for tools that inspect them.</summary>
    public IEnumerable<MethodInfo> Methods => [_prepare.Method, _intermediate.Method];

    /// <summary>Number of scales per input row.</summary>
    internal int ScalesPerRow(int width) => _shape.Inputs == ActivationQuantization.DynamicGroup128 ? width / 128 : 1;

    /// <summary>Sorts slots and quantises hidden states.</summary>
    internal void Prepare(
        AcceleratorStream stream, in ArrayView<float> hidden, in ArrayView<float> weights, in ArrayView<int> experts, in RoundedInputs rounded, in AlignedSlots slots, in ExpertsSizes sizes) =>
        _prepare.Launch(
            stream, ExpertsLaunch.ForPreparation(stream.Accelerator, _shape, sizes.Tokens), hidden, weights, experts, rounded.Largest, rounded.Numbers, rounded.Scales,
            slots.Sorted, slots.BlockExperts, slots.Padded, slots.Weights, sizes);

    /// <summary>Quantises intermediate states.</summary>
    internal void Round(AcceleratorStream stream, in ArrayView<float> intermediate, in ArrayView<int> experts, in RoundedInputs rounded, in ExpertsSizes sizes)
    {
        var slots = checked(sizes.Tokens * _shape.TopK);
        var scales = (long)slots * ScalesPerRow(_shape.IntermediateSize);
        var config = _shape.Inputs == ActivationQuantization.DynamicGroup128
            ? ExpertsLaunch.ForItems(stream.Accelerator, scales * Warps.Lanes)
            : new KernelConfig(slots, Math.Min(_shape.IntermediateSize / NumbersAtOnce, ExpertsLaunch.MaxThreads));
        _intermediate.Launch(stream, config, intermediate, experts, rounded.Largest, rounded.Numbers, rounded.Scales, sizes);
    }
}

/// <summary>The 8-bit inputs of a GEMM.</summary>
/// <param name="Numbers">[T, H], or [slots, I].</param>
/// <param name="Scales">One per row, or one for every 128 elements of a row.</param>
/// <param name="Largest">The bits of the largest magnitude of all rows, [1], if they share a scale.</param>
internal readonly record struct RoundedInputs(ArrayView<byte> Numbers, ArrayView<float> Scales, ArrayView<int> Largest);
