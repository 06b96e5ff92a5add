using KernelGen.Cpu;

namespace KernelGen;

/// <summary>
/// An array outside the managed heap, limited only by memory, on huge pages where the system has them. Use it for
/// weights that a program computes or converts; <see cref="ExpertWeights{T}.FromPointers"/> reads them in place.
/// </summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private T* _start;

    /// <summary>Allocates <paramref name="length"/> elements, aligned to a cache line. They are not cleared.</summary>
    /// <param name="length">Number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public NativeBuffer(nint length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _start = (T*)PagedMemory.Allocate(checked((nuint)length * (nuint)sizeof(T)));
    }

    /// <summary>Frees memory that was not disposed.</summary>
    ~NativeBuffer() => PagedMemory.Free(_start);

    /// <summary>Number of elements.</summary>
    public nint Length { get; }

    /// <summary>Address of the first element; null after disposal.</summary>
    public T* Start => _start;

    /// <summary>Frees the memory. It must no longer be in use.</summary>
    public void Dispose()
    {
        PagedMemory.Free(_start);
        _start = null;
        GC.SuppressFinalize(this);
    }
}
