using ILGPU.Runtime;

namespace KernelGen.Benchmarking;

/// <summary>Memory of a device.</summary>
public interface IDeviceBuffer : IDisposable
{
    /// <summary>Its size.</summary>
    long Bytes { get; }
}

/// <summary>A call whose arguments lie in a device's memory: it can be put into a stream any number of times.</summary>
/// <param name="launch">Puts it into a stream.</param>
/// <param name="buffers">The arguments, which the call owns.</param>
public sealed class DeviceCall(Action<AcceleratorStream> launch, params IDeviceBuffer[] buffers) : IDisposable
{
    /// <summary>Memory of the arguments.</summary>
    public long Bytes => buffers.Sum(buffer => buffer.Bytes);

    /// <summary>Puts the call into a stream.</summary>
    public void Launch(AcceleratorStream stream) => launch(stream);

    /// <summary>Frees the arguments.</summary>
    public void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
    }
}
