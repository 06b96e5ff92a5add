using System.Numerics.Tensors;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>A matrix in a device's memory.</summary>
internal sealed class DeviceMatrix<T> : IDisposable
    where T : unmanaged
{
    private readonly MemoryBuffer1D<T, Stride1D.Dense> _buffer;

    /// <summary>A matrix of arbitrary content.</summary>
    public DeviceMatrix(Accelerator accelerator, int rows, int columns)
    {
        _buffer = accelerator.Allocate1D<T>((long)rows * columns);
        View = new(_buffer.View, new LongIndex2D(columns, rows), new Stride2D.DenseX(columns));
    }

    /// <summary>A copy.</summary>
    public DeviceMatrix(Accelerator accelerator, ReadOnlyTensorSpan<T> matrix)
        : this(accelerator, (int)matrix.Lengths[0], (int)matrix.Lengths[1])
    {
        var values = new T[matrix.FlattenedLength];
        matrix.FlattenTo(values);
        _buffer.CopyFromCPU(values);
    }

    /// <summary>X runs along a row.</summary>
    public ArrayView2D<T, Stride2D.DenseX> View { get; }

    /// <summary>Its content.</summary>
    public T[] ToArray() => _buffer.GetAsArray1D();

    /// <summary>Copies it back.</summary>
    public void CopyTo(TensorSpan<T> matrix) => new TensorSpan<T>(ToArray(), matrix.Lengths).CopyTo(matrix);

    public void Dispose() => _buffer.Dispose();
}
