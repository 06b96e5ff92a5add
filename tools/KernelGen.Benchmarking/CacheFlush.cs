using KernelGen.Cpu;

namespace KernelGen.Benchmarking;

/// <summary>Evicts everything from the CPU caches: all threads overwrite more memory than the caches hold.</summary>
public sealed unsafe class CacheFlush : IDisposable
{
    private const int Items = 256;
    private const int ItemBytes = 1 << 20; // 256 MiB in total: larger than the last-level caches of all but the largest servers
    private readonly NativeBuffer<byte> _buffer = new((nint)Items * ItemBytes);

    /// <summary>Overwrites the buffer.</summary>
    public void Run() => CpuWorkers.Run(_buffer.Start, Items, &Write);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private static void Write(void* start, int item) => new Span<byte>((byte*)start + ((nint)item * ItemBytes), ItemBytes).Fill((byte)item);
}
