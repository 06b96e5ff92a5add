using ILGPU.Runtime;

namespace KernelGen.Benchmarking;

/// <summary>A buffer in device memory.</summary>
public interface IDeviceBuffer : IDisposable
{
    /// <summary>Size in bytes.</summary>
    long Bytes { get; }
}

/// <summary>A call whose arguments are in device memory; it can be enqueued any number of times.</summary>
/// <param name="launch">Enqueues it.</param>
/// <param name="buffers">The arguments, which the call owns.</param>
public sealed class DeviceCall(Action<AcceleratorStream> launch, params IDeviceBuffer[] buffers) : IDisposable
{
    /// <summary>Size of the arguments in bytes.</summary>
    public long Bytes => buffers.Sum(buffer => buffer.Bytes);

    /// <summary>Enqueues the call.</summary>
    public void Launch(AcceleratorStream stream) => launch(stream);

    /// <summary>Frees the arguments.</summary>
    public void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
    }
}
