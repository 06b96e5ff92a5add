using System.ComponentModel;
using System.Reflection;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>One explicitly grouped ILGPU kernel of a generated variant. It is loaded at its first use on an accelerator and stays there.</summary>
/// <typeparam name="TLauncher"><c>Action&lt;AcceleratorStream, KernelConfig, …&gt;</c> with the kernel's parameters.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class DeviceKernel<TLauncher>
    where TLauncher : Delegate
{
    private readonly PerAccelerator<LoadedKernel<TLauncher>> _loaded;

    /// <summary>Loads nothing yet.</summary>
    /// <param name="name">The variant's canonical name, for messages.</param>
    /// <param name="kernel">The kernel: a static method.</param>
    /// <param name="sharedBytes">Bytes of shared memory of a group.</param>
    public DeviceKernel(string name, Delegate kernel, int sharedBytes = 0)
    {
        (Name, Method) = (name, kernel.Method);
        _loaded = new(accelerator => LoadedKernel<TLauncher>.Load(accelerator, Name, Method, sharedBytes));
    }

    /// <summary>The variant's canonical name.</summary>
    public string Name { get; }

    /// <summary>The kernel's method.</summary>
    public MethodInfo Method { get; }

    /// <summary>The kernel on an accelerator. Thread-safe; only the first use takes long.</summary>
    internal LoadedKernel<TLauncher> On(Accelerator accelerator) => _loaded.Of(accelerator);
}

/// <summary>A kernel that can be launched on one accelerator.</summary>
/// <param name="Launcher">Launches through ILGPU, on any accelerator.</param>
/// <param name="CudaFunction">The driver's function where the accelerator is CUDA's, else 0: for <see cref="CudaLaunch"/>, which costs less than half.</param>
internal sealed record LoadedKernel<TLauncher>(TLauncher Launcher, nint CudaFunction)
    where TLauncher : Delegate
{
    /// <summary>Compiles a kernel for an accelerator.</summary>
    /// <exception cref="NotSupportedException">The kernel needs more shared memory than the accelerator has.</exception>
    public static LoadedKernel<TLauncher> Load(Accelerator accelerator, string name, MethodInfo method, int sharedBytes)
    {
        SharedMemoryLimit.Require(accelerator, sharedBytes, name);
        accelerator.Bind();
        var kernel = accelerator.LoadKernel(method);
        return new(kernel.CreateLauncherDelegate<TLauncher>(), (kernel as CudaKernel)?.FunctionPtr ?? 0);
    }
}
