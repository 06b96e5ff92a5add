using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Tests;

/// <summary>A copy of a matrix in a device's memory, with what lies between its rows.</summary>
internal sealed class DeviceMatrix<T> : IDisposable
    where T : unmanaged
{
    private readonly AcceleratorStream _stream;
    private readonly MemoryBuffer1D<T, Stride1D.Dense> _buffer;
    private readonly int _length;

    public DeviceMatrix(TestDevice device, ReadOnlyTensorSpan<T> matrix)
    {
        _stream = device.Stream;
        var (rows, columns) = ((int)matrix.Lengths[0], (int)matrix.Lengths[1]);
        var stride = rows < 2 ? columns : (int)matrix.Strides[0];
        _length = rows == 0 ? 0 : ((rows - 1) * stride) + columns;
        _buffer = device.Accelerator.Allocate1D<T>(Math.Max(_length, 1)); // ILGPU has no address for an empty one
        if (_length > 0) _buffer.View.SubView(0, _length).CopyFromCPU(_stream, Flat(matrix));
        _stream.Synchronize();
        View = new(_buffer.View, new LongIndex2D(columns, rows), new Stride2D.DenseX(stride));
    }

    public ArrayView2D<T, Stride2D.DenseX> View { get; }

    /// <summary>Copies everything back, when the stream has come to it.</summary>
    public void CopyTo(TensorSpan<T> matrix)
    {
        if (_length > 0) _buffer.View.SubView(0, _length).CopyToCPU(_stream, Flat(matrix));
        _stream.Synchronize();
    }

    public void Dispose() => _buffer.Dispose();

    private Span<T> Flat(ReadOnlyTensorSpan<T> matrix) => MemoryMarshal.CreateSpan(ref Unsafe.AsRef(in matrix.GetPinnableReference()), _length);
}
