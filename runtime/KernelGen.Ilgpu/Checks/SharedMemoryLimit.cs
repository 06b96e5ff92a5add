using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>Whether a kernel's shared memory fits a device.</summary>
internal static class SharedMemoryLimit
{
    /// <summary>Bytes of shared memory that a group may have: on CUDA as many as a function may be allowed to use.</summary>
    public static int MaxBytes(Accelerator accelerator)
    {
        if (accelerator is not CudaAccelerator cuda) return accelerator.MaxSharedMemoryPerGroup;
        CudaDriver.Check(CudaDriver.GetDeviceAttribute(out var most, CudaDriver.MaxSharedBytesOptIn, cuda.DeviceId), $"asking {cuda.Name} for its shared memory");
        return Math.Max(most, accelerator.MaxSharedMemoryPerGroup);
    }

    /// <summary>Requires that a kernel's shared memory fits.</summary>
    /// <exception cref="NotSupportedException">It does not; the message has both sizes.</exception>
    public static void Require(Accelerator accelerator, long bytes, string kernel)
    {
        if (bytes == 0) return;
        var most = MaxBytes(accelerator);
        if (bytes > most)
            throw new NotSupportedException($"{kernel} needs {bytes} bytes of shared memory for a group; {accelerator.Name} has {most}");
    }
}
