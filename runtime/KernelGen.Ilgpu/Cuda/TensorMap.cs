using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>A tensor map for TMA: an opaque value, which a kernel takes as an argument.</summary>
[InlineArray(Bytes)]
internal struct TensorMap
{
    /// <summary>Size in bytes.</summary>
    public const int Bytes = 128;

    /// <summary>Required alignment, both as a kernel argument and when the driver writes it.</summary>
    public const int Alignment = 64;

    // Elements, and four dimensions of rows.
    private const int Dimensions = 5;

    private const int BFloat16 = 9;
    private const int Swizzle128Bytes = 3;

    // Prefetch size in the L2 cache. Prefetching 256 bytes, the next part of a row, took up to 4 % longer.
    private const int PromoteTo128Bytes = 2;

#pragma warning disable IDE0044, IDE0051 // an inline array has one field, which is never named
    private byte _first;
#pragma warning restore IDE0044, IDE0051

    /// <summary>The tensor map of the weights for <c>wgmma</c> kernels: 64 elements of two bytes, or 128 of one byte in pairs, of each row of a box, with the 128-byte swizzle.</summary>
    /// <param name="address">Device address, a multiple of 16.</param>
    /// <param name="columns">Number of elements or pairs per row.</param>
    /// <param name="rows">The dimensions in which the rows of all experts are viewed, and the order in which a box traverses them: four dimensions.</param>
    /// <exception cref="CudaException">The driver rejects the tensor.</exception>
    public static unsafe TensorMap OfWeights(nint address, int columns, ReadOnlySpan<TmaRows> rows)
    {
        var rowBytes = 2UL * (uint)columns;
        var lengths = stackalloc ulong[] { (uint)columns, 0, 0, 0, 0 };
        var strides = stackalloc ulong[Dimensions - 1];
        var box = stackalloc uint[] { 64, 0, 0, 0, 0 };
        for (var i = 0; i < Dimensions - 1; i++) (lengths[i + 1], strides[i], box[i + 1]) = ((ulong)rows[i].Length, (ulong)rows[i].Stride * rowBytes, (uint)rows[i].Box);
        var elementStrides = stackalloc uint[] { 1, 1, 1, 1, 1 };
        var memory = stackalloc byte[Bytes + Alignment];
        var map = (byte*)(((nint)memory + Alignment - 1) & -Alignment);
        var result = CudaDriver.EncodeTensorMap(map, BFloat16, Dimensions, address, lengths, strides, box, elementStrides, 0, Swizzle128Bytes, PromoteTo128Bytes, 0);
        CudaDriver.Check(result, $"encoding a tensor map for weights with {columns} columns");
        return Unsafe.ReadUnaligned<TensorMap>(map);
    }
}
