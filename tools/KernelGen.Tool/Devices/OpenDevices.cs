namespace KernelGen.Tool;

/// <summary>The devices that a command has opened.</summary>
internal sealed class OpenDevices : IDisposable
{
    private readonly List<IKernelDevice> _all = [];

    /// <summary>Opens all or none.</summary>
    /// <exception cref="UsageException">A device does not exist.</exception>
    public OpenDevices(IEnumerable<DeviceName> names)
    {
        try
        {
            foreach (var name in names) _all.Add(KernelDevices.Open(name));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The devices, in the order of their names.</summary>
    public IReadOnlyList<IKernelDevice> All => _all;

    /// <summary>Closes them.</summary>
    public void Dispose()
    {
        foreach (var device in _all) device.Dispose();
    }
}
