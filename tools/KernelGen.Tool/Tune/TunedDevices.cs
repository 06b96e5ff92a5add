namespace KernelGen.Tool.Tune;

/// <summary>The devices whose kernels can be tuned.</summary>
internal static class TunedDevices
{
    /// <summary>Opens a device.</summary>
    /// <exception cref="UsageException">The device does not exist, or its kernels cannot be tuned.</exception>
    public static ITunedDevice Open(DeviceName name) => name.Kind switch
    {
        DeviceKind.Cpu => new TunedCpu(),
        DeviceKind.Cuda => new TunedCuda((IlgpuDevice)KernelDevices.Open(name)),
        _ => throw new UsageException($"--device is '{name}'; only the kernels of cpu and cuda:N can be tuned"),
    };
}
