using KernelGen.Cpu;

namespace KernelGen;

/// <summary>
/// Numbers outside the collected heap: as many as memory holds, on huge pages where the system has them. The right place for
/// weights that a program makes or converts: <see cref="ExpertWeights{T}.FromPointers"/> reads them there.
/// </summary>
/// <typeparam name="T">Type of a number.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private T* _start;

    /// <summary>Takes memory for <paramref name="length"/> numbers, on a cache line. It is not cleared.</summary>
    /// <param name="length">How many numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="OutOfMemoryException">The machine lacks the memory.</exception>
    public NativeBuffer(nint length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _start = (T*)PagedMemory.Allocate(checked((nuint)length * (nuint)sizeof(T)));
    }

    /// <summary>Frees memory that was never disposed.</summary>
    ~NativeBuffer() => PagedMemory.Free(_start);

    /// <summary>How many numbers there are.</summary>
    public nint Length { get; }

    /// <summary>The first number; null once disposed.</summary>
    public T* Start => _start;

    /// <summary>Frees the memory; nothing may read it any more.</summary>
    public void Dispose()
    {
        PagedMemory.Free(_start);
        _start = null;
        GC.SuppressFinalize(this);
    }
}
