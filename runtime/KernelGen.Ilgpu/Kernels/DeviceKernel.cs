using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>An explicitly grouped ILGPU kernel of a generated variant. It is loaded on first use on an accelerator and stays loaded.</summary>
/// <typeparam name="TLauncher"><c>Action&lt;AcceleratorStream, KernelConfig, …&gt;</c> with the kernel's parameters.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public class DeviceKernel<TLauncher>
    where TLauncher : Delegate
{
    private readonly PerAccelerator<LoadedKernel<TLauncher>> _loaded;

    /// <summary>Creates a kernel; nothing is loaded yet.</summary>
    /// <param name="name">The variant's canonical name, for messages.</param>
    /// <param name="kernel">The kernel: a static method.</param>
    /// <param name="sharedBytes">Shared memory per thread block in bytes.</param>
    public DeviceKernel(string name, Delegate kernel, int sharedBytes = 0)
    {
        (Name, Method) = (name, kernel.Method);
        _loaded = new(accelerator => LoadedKernel<TLauncher>.Load(accelerator, Name, Method, sharedBytes));
    }

    /// <summary>The variant's canonical name.</summary>
    public string Name { get; }

    /// <summary>The kernel's method.</summary>
    public MethodInfo Method { get; }

    /// <summary>Returns the kernel loaded on an accelerator. Thread-safe; only the first use is slow.</summary>
    internal LoadedKernel<TLauncher> On(Accelerator accelerator) => _loaded.Of(accelerator);
}

/// <summary>A kernel loaded on one accelerator, launched in one of two ways.</summary>
/// <param name="Cuda">Driver functions on a CUDA accelerator: a <see cref="CudaLaunch"/> costs less than half of ILGPU's launch.</param>
/// <param name="Launcher">Launches through ILGPU on every other accelerator.</param>
internal sealed record LoadedKernel<TLauncher>(CudaForms? Cuda, TLauncher? Launcher)
    where TLauncher : Delegate
{
    /// <summary>Compiles a kernel for an accelerator.</summary>
    /// <exception cref="NotSupportedException">The kernel needs more shared memory than the accelerator has, or an unsupported feature.</exception>
    public static LoadedKernel<TLauncher> Load(Accelerator accelerator, string name, MethodInfo method, int sharedBytes)
    {
        SharedMemoryLimit.Require(accelerator, sharedBytes, name);
        if (accelerator is CudaAccelerator cuda) return new(new CudaForms(cuda, name, PtxCompiler.Compile(method, cuda.Architecture, cuda.InstructionSet)), null);
        accelerator.Bind();
        try
        {
            return new(null, accelerator.LoadKernel(method).CreateLauncherDelegate<TLauncher>());
        }
        catch (InternalCompilerException e) when (e.GetBaseException() is CapabilityNotSupportedException lack)
        {
            throw new NotSupportedException($"{name} cannot run on {accelerator.Name}: {lack.Message}", e);
        }
    }
}
