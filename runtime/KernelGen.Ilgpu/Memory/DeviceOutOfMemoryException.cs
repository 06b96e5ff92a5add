namespace KernelGen.Ilgpu;

/// <summary>A device has no room for what a kernel needs beside its arguments.</summary>
public sealed class DeviceOutOfMemoryException : Exception
{
    internal DeviceOutOfMemoryException(string what, long bytes, string device, Exception cause)
        : base($"{what} needs {bytes} bytes, which {device} has no room for", cause)
    {
        (What, Bytes) = (what, bytes);
    }

    /// <summary>The variant that asked.</summary>
    public string What { get; }

    /// <summary>Bytes that were asked for.</summary>
    public long Bytes { get; }
}
