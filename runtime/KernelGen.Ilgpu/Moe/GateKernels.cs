using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>An entry of the gates' kernel template for ILGPU.</summary>
/// <typeparam name="TLogit">The type by which kernels handle logits.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void GateKernel<TLogit>(
    ArrayView<TLogit> logits, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<int> tokenIds, ArrayView<int> table, GateSizes sizes)
    where TLogit : unmanaged;

/// <summary>The forms of a gate's kernel, selected by device and layout of the views.</summary>
internal enum GateForm
{
    /// <summary>One warp per token; rows of logits are aligned.</summary>
    Warp,

    /// <summary>One warp per token; rows may be unaligned.</summary>
    Unaligned,

    /// <summary>One thread per token.</summary>
    Thread,
}

/// <summary>The kernels of one generated gate, and how they are launched.</summary>
/// <typeparam name="TLogit">The type by which kernels handle logits.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class GateKernels<TLogit> : IGeneratedKernels
    where TLogit : unmanaged
{
    private const int ThreadsOfGroup = 64;

    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<TLogit>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GateSizes>>[] _forms;
    private readonly int _vectorWidth;

    /// <summary>Creates the kernels; nothing is loaded yet.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="warp">One warp per token; rows of logits are aligned to <paramref name="vectorWidth"/> elements.</param>
    /// <param name="unaligned">One warp per token.</param>
    /// <param name="thread">One thread per token.</param>
    /// <param name="vectorWidth">Logits that a lane reads at once.</param>
    public GateKernels(KernelVariant variant, GateKernel<TLogit> warp, GateKernel<TLogit> unaligned, GateKernel<TLogit> thread, int vectorWidth)
    {
        Variant = variant;
        _vectorWidth = vectorWidth;
        _forms = [new(variant.Name, warp, GateLaunch.SharedBytes), new(variant.Name, unaligned), new(variant.Name, thread)];
    }

    /// <summary>The variant.</summary>
    public KernelVariant Variant { get; }

    /// <summary>The kernels' methods, for tools that inspect them.</summary>
    public IEnumerable<MethodInfo> Methods => _forms.Select(form => form.Method);

    /// <summary>Selects the form for a device and the layout of a call's views.</summary>
    internal GateForm Choose(Accelerator accelerator, in ArrayView<TLogit> logits, in ArrayView<float> bias, in GateSizes sizes)
    {
        // ILGPU's CPU accelerator emulates warps at great cost; other devices may have warps of any size.
        if (accelerator is not CudaAccelerator cuda || cuda.Architecture < CudaArchitecture.SM_80) return GateForm.Thread;
        var isAligned = _vectorWidth == 1
            || (IsAligned(CudaArguments.Address(logits), Interop.SizeOf<TLogit>())
                && IsAligned(CudaArguments.Address(bias), sizeof(float))
                && sizes.LogitsStride % _vectorWidth == 0);
        return isAligned ? GateForm.Warp : GateForm.Unaligned;
    }

    /// <summary>Launches one form.</summary>
    internal void Launch(
        GateForm form, AcceleratorStream stream,
        in ArrayView<TLogit> logits, in ArrayView<float> bias, in ArrayView<float> weights, in ArrayView<int> experts,
        in ArrayView<int> tokenIds, in ArrayView<int> table, in GateSizes sizes)
    {
        var (groups, threads) = Extent(form, stream.Accelerator, sizes.Tokens);
        _forms[(int)form].Launch(stream, new KernelConfig(groups, threads), logits, bias, weights, experts, tokenIds, table, sizes);
    }

    private static (int Groups, int Threads) Extent(GateForm form, Accelerator accelerator, int tokens)
    {
        if (form == GateForm.Thread)
        {
            var threads = Math.Min(ThreadsOfGroup, accelerator.MaxNumThreadsPerGroup);
            return (((tokens - 1) / threads) + 1, threads);
        }

        return (((tokens - 1) / GateLaunch.WarpsPerBlock) + 1, GateLaunch.WarpsPerBlock * Warps.Lanes);
    }

    private bool IsAligned(nint address, int elementSize) => address % (_vectorWidth * elementSize) == 0;
}
