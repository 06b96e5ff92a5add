using KernelGen.Cpu;

namespace KernelGen.Benchmarking;

/// <summary>Drives everything out of the processors' caches: all threads write over more than they hold.</summary>
public sealed unsafe class CacheFlush : IDisposable
{
    private const int Items = 256;
    private const int ItemBytes = 1 << 20; // 256 MiB in all: beyond the last-level caches of all but the largest servers
    private readonly NativeBuffer<byte> _buffer = new((nint)Items * ItemBytes);

    /// <summary>Writes over all of it.</summary>
    public void Run() => CpuWorkers.Run(_buffer.Start, Items, &Write);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private static void Write(void* start, int item) => new Span<byte>((byte*)start + ((nint)item * ItemBytes), ItemBytes).Fill((byte)item);
}
