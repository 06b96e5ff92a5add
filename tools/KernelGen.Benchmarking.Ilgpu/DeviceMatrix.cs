using System.Numerics.Tensors;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Benchmarking;

/// <summary>A matrix in a device's memory.</summary>
/// <typeparam name="T">Type of an element.</typeparam>
public sealed class DeviceMatrix<T> : IDeviceBuffer
    where T : unmanaged
{
    private readonly MemoryBuffer1D<T, Stride1D.Dense> _buffer;

    /// <summary>A matrix of arbitrary content.</summary>
    public DeviceMatrix(Accelerator accelerator, int rows, int columns)
    {
        _buffer = accelerator.Allocate1D<T>(Math.Max((long)rows * columns, 1)); // ILGPU has no address for an empty one
        View = new(_buffer.View, new LongIndex2D(columns, rows), new Stride2D.DenseX(columns));
    }

    /// <summary>A copy.</summary>
    public DeviceMatrix(Accelerator accelerator, ReadOnlyTensorSpan<T> matrix)
        : this(accelerator, (int)matrix.Lengths[0], (int)matrix.Lengths[1])
    {
        if (matrix.IsEmpty) return;
        var values = new T[matrix.FlattenedLength];
        matrix.FlattenTo(values);
        _buffer.CopyFromCPU(values);
    }

    /// <summary>X runs along a row.</summary>
    public ArrayView2D<T, Stride2D.DenseX> View { get; }

    /// <inheritdoc/>
    public long Bytes => _buffer.LengthInBytes;

    /// <summary>Its content.</summary>
    public T[] ToArray() => _buffer.GetAsArray1D();

    /// <summary>Copies it back.</summary>
    public void CopyTo(TensorSpan<T> matrix)
    {
        if (!matrix.IsEmpty) new TensorSpan<T>(ToArray(), matrix.Lengths).CopyTo(matrix);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
