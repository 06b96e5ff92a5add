using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Device memory from a pool. Disposing returns it, even if launches that use it are still pending.</summary>
internal sealed class DeviceWorkspace : IDisposable
{
    private const long Alignment = 256;

    private readonly WorkspacePool _pool;
    private readonly MemoryBuffer _buffer;
    private long _used;

    internal DeviceWorkspace(WorkspacePool pool, MemoryBuffer buffer) => (_pool, _buffer) = (pool, buffer);

    /// <summary>Size in bytes.</summary>
    public long Bytes => _buffer.LengthInBytes;

    /// <summary>The capture that owns it, if any.</summary>
    internal CapturedWorkspaces? Capture { get; set; }

    /// <summary>Bytes that <paramref name="count"/> elements occupy in a workspace.</summary>
    public static long SizeOf<T>(long count)
        where T : unmanaged => checked(((count * Interop.SizeOf<T>()) + Alignment - 1) / Alignment * Alignment);

    /// <summary>Returns the next <paramref name="count"/> elements, aligned to 256 bytes.</summary>
    public ArrayView<T> Take<T>(long count)
        where T : unmanaged
    {
        var start = _used;
        if (start + SizeOf<T>(count) > Bytes) throw new InvalidOperationException($"the workspace of {Bytes} bytes is too small");
        _used += SizeOf<T>(count);
        return _buffer.AsArrayView<byte>(start, count * Interop.SizeOf<T>()).Cast<T>();
    }

    /// <summary>Returns the memory to the pool.</summary>
    public void Dispose()
    {
        _used = 0;
        _pool.Return(this);
    }

    internal void Free() => _buffer.Dispose();
}
