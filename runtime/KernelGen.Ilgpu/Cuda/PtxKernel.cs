using System.ComponentModel;
using System.Text;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>The ASCII characters of a PTX module.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate ReadOnlySpan<byte> PtxSource();

/// <summary>A kernel given as PTX, for ILGPU's accelerators, streams and buffers. It is loaded on first use on an accelerator and stays loaded.</summary>
public sealed class PtxKernel
{
    private readonly PerAccelerator<CudaModule> _modules;
    private readonly PtxSource _source;

    /// <summary>Creates a kernel; nothing is loaded yet.</summary>
    /// <param name="name">The variant's canonical name, for messages.</param>
    /// <param name="text">A complete PTX module, with its own <c>.version</c> and <c>.target</c>.</param>
    /// <param name="entry">Name of the module's <c>.entry</c>.</param>
    /// <param name="dynamicSharedBytes">Bytes of <c>.extern .shared</c> memory per launch.</param>
    public PtxKernel(string name, string text, string entry, int dynamicSharedBytes)
        : this(name, Source(text), entry, dynamicSharedBytes)
    {
    }

    /// <summary>Creates a kernel from PTX in an assembly's data.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public PtxKernel(string name, PtxSource source, string entry, int dynamicSharedBytes)
    {
        (Name, _source, Entry, DynamicSharedBytes) = (name, source, entry, dynamicSharedBytes);
        _modules = new(Load);
    }

    /// <summary>The variant's canonical name.</summary>
    public string Name { get; }

    /// <summary>The PTX module.</summary>
    public string Text => Encoding.ASCII.GetString(_source());

    /// <summary>Name of the module's <c>.entry</c>.</summary>
    public string Entry { get; }

    /// <summary>Dynamic shared memory per thread block in bytes.</summary>
    public int DynamicSharedBytes { get; }

    /// <summary>Returns the driver function. Thread-safe; only the first use is slow.</summary>
    /// <exception cref="NotSupportedException">The accelerator is not a CUDA device, or its shared memory is too small.</exception>
    /// <exception cref="CudaException">The driver rejects the PTX; the message contains its log.</exception>
    public nint FunctionOn(Accelerator accelerator) => _modules.Of(accelerator).Function;

    /// <summary>Launches the kernel. With <paramref name="chained"/>, it uses programmatic dependent launch.</summary>
    internal void Launch(CudaStream stream, Index3D grid, Index3D group, in CudaArguments arguments, bool chained = false) =>
        arguments.LaunchEach(new CudaLaunch(new(FunctionOn(stream.Accelerator), chained), Name, stream, grid, group, DynamicSharedBytes));

    private static PtxSource Source(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        return () => bytes;
    }

    private CudaModule Load(Accelerator accelerator)
    {
        if (accelerator is not CudaAccelerator) throw new NotSupportedException($"{Name} is a CUDA kernel; {accelerator.Name} is not a CUDA device");
        SharedMemoryLimit.Require(accelerator, DynamicSharedBytes, Name);
        return CudaModule.Load(accelerator, _source(), Entry, Name, DynamicSharedBytes);
    }
}
