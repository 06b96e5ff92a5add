namespace KernelGen.Ilgpu;

/// <summary>Thrown if a device lacks the memory for a workspace or for weights.</summary>
public sealed class DeviceOutOfMemoryException : Exception
{
    internal DeviceOutOfMemoryException(string what, long bytes, string device, Exception cause)
        : base($"{what} needs {bytes} bytes, but {device} is out of memory", cause)
    {
        (What, Bytes) = (what, bytes);
    }

    /// <summary>What the memory was for, such as the name of a variant.</summary>
    public string What { get; }

    /// <summary>The requested size in bytes.</summary>
    public long Bytes { get; }
}
