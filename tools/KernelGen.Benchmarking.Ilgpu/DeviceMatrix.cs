using System.Numerics.Tensors;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Benchmarking;

/// <summary>A matrix in device memory.</summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed class DeviceMatrix<T> : IDeviceBuffer
    where T : unmanaged
{
    private readonly MemoryBuffer1D<T, Stride1D.Dense> _buffer;

    /// <summary>Creates an uninitialised matrix.</summary>
    public DeviceMatrix(Accelerator accelerator, int rows, int columns)
    {
        _buffer = accelerator.Allocate1D<T>(Math.Max((long)rows * columns, 1)); // ILGPU has no address for an empty buffer
        View = new(_buffer.View, new LongIndex2D(columns, rows), new Stride2D.DenseX(columns));
    }

    /// <summary>Creates a copy of a matrix in host memory.</summary>
    public DeviceMatrix(Accelerator accelerator, ReadOnlyTensorSpan<T> matrix)
        : this(accelerator, (int)matrix.Lengths[0], (int)matrix.Lengths[1])
    {
        if (matrix.IsEmpty) return;
        var values = new T[matrix.FlattenedLength];
        matrix.FlattenTo(values);
        _buffer.CopyFromCPU(values);
    }

    /// <summary>The view; its X dimension is the row.</summary>
    public ArrayView2D<T, Stride2D.DenseX> View { get; }

    /// <inheritdoc/>
    public long Bytes => _buffer.LengthInBytes;

    /// <summary>Copies its content to an array.</summary>
    public T[] ToArray() => _buffer.GetAsArray1D();

    /// <summary>Copies its content to host memory.</summary>
    public void CopyTo(TensorSpan<T> matrix)
    {
        if (!matrix.IsEmpty) new TensorSpan<T>(ToArray(), matrix.Lengths).CopyTo(matrix);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
