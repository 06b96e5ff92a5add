using System.ComponentModel;
using System.Text;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>The ASCII characters of a PTX module.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate ReadOnlySpan<byte> PtxSource();

/// <summary>A kernel given as PTX text, which ILGPU's accelerators, streams and buffers carry. It is loaded at its first use on an accelerator and stays there.</summary>
public sealed class PtxKernel
{
    private readonly PerAccelerator<CudaModule> _modules;
    private readonly PtxSource _source;

    /// <summary>Loads nothing yet.</summary>
    /// <param name="name">The variant's canonical name, for messages.</param>
    /// <param name="text">A whole PTX module, with its own <c>.version</c> and <c>.target</c>.</param>
    /// <param name="entry">Name of the module's <c>.entry</c>.</param>
    /// <param name="dynamicSharedBytes">Bytes of <c>.extern .shared</c> memory that a launch gets.</param>
    public PtxKernel(string name, string text, string entry, int dynamicSharedBytes)
        : this(name, Source(text), entry, dynamicSharedBytes)
    {
    }

    /// <summary>The same of a text that lies in an assembly's data.</summary>
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

    /// <summary>Bytes of dynamic shared memory of a group.</summary>
    public int DynamicSharedBytes { get; }

    /// <summary>The driver's function. Thread-safe; only the first use takes long.</summary>
    /// <exception cref="NotSupportedException">The accelerator is not CUDA's, or its shared memory is too small.</exception>
    /// <exception cref="CudaException">The driver rejects the text; the message has its log.</exception>
    public nint FunctionOn(Accelerator accelerator) => _modules.Of(accelerator).Function;

    /// <summary>Launches the kernel; a chained one may start while the one before it still runs.</summary>
    internal void Launch(CudaStream stream, Index3D grid, Index3D group, in CudaArguments arguments, bool chained = false) =>
        arguments.LaunchEach(new CudaLaunch(new(FunctionOn(stream.Accelerator), chained), Name, stream, grid, group, DynamicSharedBytes));

    private static PtxSource Source(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        return () => bytes;
    }

    private CudaModule Load(Accelerator accelerator)
    {
        if (accelerator is not CudaAccelerator) throw new NotSupportedException($"{Name} is a CUDA kernel; {accelerator.Name} is no CUDA device");
        SharedMemoryLimit.Require(accelerator, DynamicSharedBytes, Name);
        return CudaModule.Load(accelerator, _source(), Entry, Name, DynamicSharedBytes);
    }
}
