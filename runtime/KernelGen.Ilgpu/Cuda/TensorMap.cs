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

    private const int BFloat16 = 9;
    private const int Swizzle128Bytes = 3;
    private const int PromoteTo256Bytes = 3;

#pragma warning disable IDE0044, IDE0051 // an inline array has one field, which nobody names
    private byte _first;
#pragma warning restore IDE0044, IDE0051

    /// <summary>
    /// Weights as the kernels with <c>wgmma</c> fetch them: 64 elements of two bytes, or 128 of one in pairs, of some rows, which are dealt out among the rows of shared
    /// memory. The rows are seen as [rows / 32, 4, 4, 2] and a box runs through the last three in another order than they lie in.
    /// </summary>
    /// <param name="address">Device address, a multiple of 16.</param>
    /// <param name="rows">Rows of all experts.</param>
    /// <param name="columns">Elements or pairs of a row.</param>
    /// <param name="boxRows">Rows of a box.</param>
    /// <exception cref="CudaException">The driver rejects the tensor.</exception>
    public static unsafe TensorMap OfWeights(nint address, long rows, int columns, int boxRows)
    {
        var rowBytes = 2UL * (uint)columns;
        var lengths = stackalloc ulong[] { (uint)columns, 2, 4, 4, (ulong)rows / 32 };
        var strides = stackalloc ulong[] { rowBytes, 8 * rowBytes, 2 * rowBytes, 32 * rowBytes };
        var box = stackalloc uint[] { 64, 2, 4, 4, (uint)boxRows / 32 };
        var elementStrides = stackalloc uint[] { 1, 1, 1, 1, 1 };
        var memory = stackalloc byte[Bytes + Alignment];
        var map = (byte*)(((nint)memory + Alignment - 1) & -Alignment);
        var result = CudaDriver.EncodeTensorMap(map, BFloat16, 5, address, lengths, strides, box, elementStrides, 0, Swizzle128Bytes, PromoteTo256Bytes, 0);
        CudaDriver.Check(result, $"describing {rows}x{columns} weights to the tensor memory accelerator");
        return Unsafe.ReadUnaligned<TensorMap>(map);
    }
}
