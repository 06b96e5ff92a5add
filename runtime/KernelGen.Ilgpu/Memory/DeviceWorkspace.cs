using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Device memory of a pool. Disposing gives it back; launches that use it may still be waiting to run.</summary>
internal sealed class DeviceWorkspace : IDisposable
{
    private const long Alignment = 256;

    private readonly WorkspacePool _pool;
    private readonly MemoryBuffer _buffer;
    private long _used;

    internal DeviceWorkspace(WorkspacePool pool, MemoryBuffer buffer) => (_pool, _buffer) = (pool, buffer);

    /// <summary>Its size.</summary>
    public long Bytes => _buffer.LengthInBytes;

    /// <summary>The recording it belongs to, if any.</summary>
    internal CapturedWorkspaces? Capture { get; set; }

    /// <summary>Bytes that <paramref name="count"/> elements take of a workspace.</summary>
    public static long SizeOf<T>(long count)
        where T : unmanaged => checked(((count * Interop.SizeOf<T>()) + Alignment - 1) / Alignment * Alignment);

    /// <summary>The next <paramref name="count"/> elements, from an address that is a multiple of 256 on.</summary>
    public ArrayView<T> Take<T>(long count)
        where T : unmanaged
    {
        var start = _used;
        if (start + SizeOf<T>(count) > Bytes) throw new InvalidOperationException($"the workspace has {Bytes} bytes, which is too few");
        _used += SizeOf<T>(count);
        return _buffer.AsArrayView<byte>(start, count * Interop.SizeOf<T>()).Cast<T>();
    }

    /// <summary>Gives it back.</summary>
    public void Dispose()
    {
        _used = 0;
        _pool.Return(this);
    }

    internal void Free() => _buffer.Dispose();
}
