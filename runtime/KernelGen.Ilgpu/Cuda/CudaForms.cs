using System.Text;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>A driver function.</summary>
/// <param name="Handle">The driver's handle.</param>
/// <param name="IsChained">Whether it is launched with programmatic dependent launch: it may start before the preceding kernel ends, and waits for its results itself.</param>
internal readonly record struct CudaFunction(nint Handle, bool IsChained);

/// <summary>
/// The two forms of an ILGPU kernel: plain, and with programmatic dependent launch. Each is loaded when it is first launched. With dependent launch, every thread block
/// starts later: on an H200, 65,536 tokens of a gate took 40 µs instead of 33. The saving, about a microsecond per kernel, pays off only for few thread blocks.
/// </summary>
internal sealed class CudaForms
{
    private readonly Lazy<CudaFunction> _alone;
    private readonly Lazy<CudaFunction> _chained;
    private readonly int _mostChained;

    /// <summary>Creates the forms; nothing is loaded yet.</summary>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="name">Name of the variant, for messages.</param>
    /// <param name="ptx">The kernel.</param>
    public CudaForms(CudaAccelerator accelerator, string name, PtxText ptx)
    {
        _alone = new(() => Load(ptx.Text, isChained: false), LazyThreadSafetyMode.PublicationOnly); // does not cache failures
        _chained = new(() => Load(PtxChain.WaitFirst(ptx), isChained: true), LazyThreadSafetyMode.PublicationOnly);
        _mostChained = PtxChain.IsSupported(accelerator) ? 2 * accelerator.NumMultiprocessors : 0;

        CudaFunction Load(string text, bool isChained) => new(CudaModule.Load(accelerator, Encoding.ASCII.GetBytes(text), ptx.Entry, name, dynamicSharedBytes: 0).Function, isChained);
    }

    /// <summary>Returns the form for a grid. Thread-safe; only the first use is slow.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX; the message contains its log.</exception>
    public CudaFunction For(in KernelConfig config) => config.GridDim.Size <= _mostChained ? _chained.Value : _alone.Value;
}
