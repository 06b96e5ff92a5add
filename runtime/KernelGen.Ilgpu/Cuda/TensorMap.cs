using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>What the tensor memory accelerator knows of a tensor: an opaque value, which a kernel takes as an argument.</summary>
[InlineArray(Bytes)]
internal struct TensorMap
{
    /// <summary>Its size.</summary>
    public const int Bytes = 128;

    /// <summary>Where it must start among a kernel's arguments, and where the driver writes it.</summary>
    public const int Alignment = 64;

    // Elements, and rows in four.
    private const int Dimensions = 5;

    private const int BFloat16 = 9;
    private const int Swizzle128Bytes = 3;

    // What a box has of a row. Fetching the next part into the L2 cache with it, as the driver also can, took up to 4 % longer.
    private const int PromoteTo128Bytes = 2;

#pragma warning disable IDE0044, IDE0051 // an inline array has one field, which nobody names
    private byte _first;
#pragma warning restore IDE0044, IDE0051

    /// <summary>Weights as the kernels with <c>wgmma</c> fetch them: 64 elements of two bytes, or 128 of one in pairs, of each row of a box, under the swizzle of 128 bytes.</summary>
    /// <param name="address">Device address, a multiple of 16.</param>
    /// <param name="columns">Elements or pairs of a row.</param>
    /// <param name="rows">How the rows of all experts are seen, and in which order a box runs through them: four dimensions.</param>
    /// <exception cref="CudaException">The driver rejects the tensor.</exception>
    public static unsafe TensorMap OfWeights(nint address, int columns, ReadOnlySpan<FetchedRows> rows)
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
        CudaDriver.Check(result, $"describing weights of {columns} columns to the tensor memory accelerator");
        return Unsafe.ReadUnaligned<TensorMap>(map);
    }
}
