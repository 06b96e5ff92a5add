using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>Checks that a kernel's shared memory fits a device.</summary>
internal static class SharedMemoryLimit
{
    /// <summary>Maximum shared memory of a thread block in bytes; on CUDA, the opt-in maximum.</summary>
    public static int MaxBytes(Accelerator accelerator)
    {
        if (accelerator is not CudaAccelerator cuda) return accelerator.MaxSharedMemoryPerGroup;
        CudaDriver.Check(CudaDriver.GetDeviceAttribute(out var most, CudaDriver.MaxSharedBytesOptIn, cuda.DeviceId), $"querying the shared memory of {cuda.Name}");
        return Math.Max(most, accelerator.MaxSharedMemoryPerGroup);
    }

    /// <summary>Requires that a kernel's shared memory fits the device.</summary>
    /// <exception cref="NotSupportedException">It does not fit; the message states both sizes.</exception>
    public static void Require(Accelerator accelerator, long bytes, string kernel)
    {
        if (bytes == 0) return;
        var most = MaxBytes(accelerator);
        if (bytes > most)
            throw new NotSupportedException($"{kernel} needs {bytes} bytes of shared memory per thread block; {accelerator.Name} has {most}");
    }
}
