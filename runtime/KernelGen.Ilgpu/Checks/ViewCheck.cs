using System.Globalization;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>
/// Validates views, with messages that name the argument, its extent and the expected one. A matrix [rows, columns] is a view
/// whose X dimension is the row: its extent is (X: columns, Y: rows), and <see cref="Stride2D.DenseX.YStride"/> is its row stride.
/// </summary>
internal static class ViewCheck
{
    /// <summary>Requires a matrix with, if given, these extents, in memory of <paramref name="accelerator"/>.</summary>
    /// <exception cref="ArgumentException">The extents differ, or the memory belongs to another accelerator.</exception>
    public static void RequireMatrix<T>(
        in ArrayView2D<T, Stride2D.DenseX> matrix, string argument, string shape, Accelerator accelerator, long? rows, long? columns)
        where T : unmanaged
    {
        var (width, height) = (matrix.Extent.X, matrix.Extent.Y);
        if ((rows is { } r && height != r) || (columns is { } c && width != c) || width > int.MaxValue || height > int.MaxValue)
        {
            var names = shape.Trim('[', ']').Split(", ");
            throw new ArgumentException(
                $"{argument} has extent (X: {Number(width)}, Y: {Number(height)}); expected (X: {Extent(columns, names[1])}, Y: {Extent(rows, names[0])}) for {shape}, where X is the column",
                argument);
        }

        StreamCheck.RequireSameAccelerator(matrix, argument, accelerator);
    }

    /// <summary>Requires that the rows of an output matrix do not overlap.</summary>
    public static void RequireOwnRows<T>(in ArrayView2D<T, Stride2D.DenseX> matrix, string argument)
        where T : unmanaged
    {
        if (matrix.Extent.Y > 1 && matrix.Stride.YStride < matrix.Extent.X)
            throw new ArgumentException($"{argument} has row stride {matrix.Stride.YStride}; rows of {Number(matrix.Extent.X)} elements need at least that", argument);
    }

    /// <summary>Requires a vector of this length in memory of <paramref name="accelerator"/>.</summary>
    /// <exception cref="ArgumentException">The length differs, or the memory belongs to another accelerator.</exception>
    public static void RequireVector<T>(in ArrayView<T> vector, string argument, string shape, Accelerator accelerator, long length)
        where T : unmanaged
    {
        if (vector.Length != length)
            throw new ArgumentException($"{argument} has {Number(vector.Length)} elements; expected {shape} = [{Number(length)}]", argument);
        StreamCheck.RequireSameAccelerator(vector, argument, accelerator);
    }

    private static string Extent(long? extent, string name) => extent is { } number ? Number(number) : name;

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
