using System.Runtime.CompilerServices;
using System.Text;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// A PTX module in a CUDA context, with one function. It belongs to its accelerator: it is disposed with it, while the context still
/// exists, and not earlier, even if nothing references it.
/// </summary>
internal sealed class CudaModule : AcceleratorObject
{
    private const int LogBytes = 16 * 1024;

    // An accelerator references its objects weakly, and driver functions, including those in graphs, do not keep a module alive.
    private static readonly ConditionalWeakTable<Accelerator, List<CudaModule>> Loaded = new();

    private readonly nint _handle;

    private CudaModule(Accelerator accelerator, nint handle)
        : base(accelerator) => _handle = handle;

    /// <summary>The driver function.</summary>
    public nint Function { get; private set; }

    /// <summary>Loads a module.</summary>
    /// <param name="accelerator">A CUDA accelerator.</param>
    /// <param name="ptx">The PTX, in ASCII.</param>
    /// <param name="entry">Name of the entry.</param>
    /// <param name="name">Name of the variant, for messages.</param>
    /// <param name="dynamicSharedBytes">Dynamic shared memory of a launch in bytes.</param>
    /// <exception cref="CudaException">The driver rejects the PTX; the message contains its log.</exception>
    public static CudaModule Load(Accelerator accelerator, ReadOnlySpan<byte> ptx, string entry, string name, int dynamicSharedBytes)
    {
        accelerator.Bind();
        var module = new CudaModule(accelerator, LoadText(accelerator, ptx, name));
        CudaDriver.Check(CudaDriver.GetFunction(out var function, module._handle, entry), $"finding {entry} in the PTX of {name}");
        if (dynamicSharedBytes > 0)
        {
            var allowed = CudaDriver.SetFunctionAttribute(function, CudaDriver.MaxDynamicSharedBytes, dynamicSharedBytes);
            CudaDriver.Check(allowed, $"reserving {dynamicSharedBytes} bytes of shared memory for {name}");
        }

        module.Function = function;
        var modules = Loaded.GetOrCreateValue(accelerator);
        lock (modules) modules.Add(module);
        return module;
    }

    /// <inheritdoc/>
    protected override void DisposeAcceleratorObject(bool disposing) => CudaDriver.UnloadModule(_handle);

    private static unsafe nint LoadText(Accelerator accelerator, ReadOnlySpan<byte> text, string name)
    {
        byte[] image = [.. text, 0];
        var log = new byte[LogBytes];
        fixed (byte* imageStart = image, logStart = log)
        {
            // CU_JIT_ERROR_LOG_BUFFER and CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES.
            var names = stackalloc int[] { 5, 6 };
            var values = stackalloc void*[] { logStart, (void*)LogBytes };
            var result = CudaDriver.LoadModule(out var handle, imageStart, 2, names, values);
            if (result != CudaError.CUDA_SUCCESS) CudaDriver.Check(result, $"loading the PTX of {name} into {accelerator.Name} [{LogText(log)}]");
            return handle;
        }
    }

    private static string LogText(byte[] log) => Encoding.ASCII.GetString(log, 0, Math.Max(Array.IndexOf(log, (byte)0), 0)).Trim();
}
