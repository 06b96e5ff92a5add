namespace KernelGen.Tool.Tune;

/// <summary>The devices of a build without ILGPU.</summary>
internal static class TunedDevices
{
    /// <summary>Opens a device.</summary>
    /// <exception cref="UsageException">There is no such device.</exception>
    public static ITunedDevice Open(DeviceName name)
    {
        using var device = KernelDevices.Open(name); // says what is missing
        return new TunedCpu();
    }
}
