namespace KernelGen.Tool.Tune;

/// <summary>The devices whose kernels can be tuned.</summary>
internal static class TunedDevices
{
    /// <summary>Opens a device.</summary>
    /// <exception cref="UsageException">There is no such device, or nothing of its kernels can be tuned.</exception>
    public static ITunedDevice Open(DeviceName name) => name.Kind switch
    {
        DeviceKind.Cpu => new TunedCpu(),
        DeviceKind.Cuda => new TunedCuda((IlgpuDevice)KernelDevices.Open(name)),
        _ => throw new UsageException($"--device is '{name}'; its kernels have nothing to tune, those of cpu and cuda:N have"),
    };
}
