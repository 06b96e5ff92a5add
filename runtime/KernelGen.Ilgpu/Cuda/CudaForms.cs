using System.Text;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>A function of the driver's.</summary>
/// <param name="Handle">The driver's handle.</param>
/// <param name="IsChained">Whether it may start while the kernel before it still runs; it waits itself for what it needs.</param>
internal readonly record struct CudaFunction(nint Handle, bool IsChained);

/// <summary>
/// The two forms of one of ILGPU's kernels: as it is, and chained to the kernel before it. Each is loaded when it is first launched. Each group of a chained
/// kernel starts later, so that on an H200 65,536 tokens of a gate took 40 µs instead of 33; what a chain saves, about a microsecond a kernel, counts for a few groups alone.
/// </summary>
internal sealed class CudaForms
{
    private readonly Lazy<CudaFunction> _alone;
    private readonly Lazy<CudaFunction> _chained;
    private readonly int _mostChained;

    /// <summary>Loads nothing yet.</summary>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="name">The variant's name, for messages.</param>
    /// <param name="ptx">The kernel.</param>
    public CudaForms(CudaAccelerator accelerator, string name, PtxText ptx)
    {
        _alone = new(() => Load(ptx.Text, isChained: false), LazyThreadSafetyMode.PublicationOnly); // which keeps no failure
        _chained = new(() => Load(PtxChain.WaitFirst(ptx), isChained: true), LazyThreadSafetyMode.PublicationOnly);
        _mostChained = PtxChain.IsSupported(accelerator) ? 2 * accelerator.NumMultiprocessors : 0;

        CudaFunction Load(string text, bool isChained) => new(CudaModule.Load(accelerator, Encoding.ASCII.GetBytes(text), ptx.Entry, name, dynamicSharedBytes: 0).Function, isChained);
    }

    /// <summary>The form for a grid. Thread-safe; only the first use takes long.</summary>
    /// <exception cref="CudaException">The driver rejects the text; the message has its log.</exception>
    public CudaFunction For(in KernelConfig config) => config.GridDim.Size <= _mostChained ? _chained.Value : _alone.Value;
}
