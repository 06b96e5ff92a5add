namespace KernelGen.Tool;

/// <summary>The devices of a build without ILGPU.</summary>
internal static class KernelDevices
{
    /// <summary>What to do about it.</summary>
    public const string HowToBuild = "this kernelgen was built without ILGPU; build it with -p:KernelGenIlgpu=true";

    /// <summary>Opens a device.</summary>
    /// <exception cref="UsageException">It is not the processor.</exception>
    public static IKernelDevice Open(DeviceName name) =>
        name == DeviceName.Cpu ? new CpuDevice() : throw new UsageException($"--device is '{name}'; {HowToBuild}");

    /// <summary>What a failure of a device says to the user; null for any other.</summary>
    public static string? Explain(Exception error) => null;
}
