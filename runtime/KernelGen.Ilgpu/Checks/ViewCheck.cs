using System.Globalization;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>
/// Checks of views, with messages that name the argument, its extent and the expected one. A matrix [rows, columns] is a view
/// whose X runs along a row: its extent is (X: columns, Y: rows), and <see cref="Stride2D.DenseX.YStride"/> leads from row to row.
/// </summary>
internal static class ViewCheck
{
    /// <summary>Requires a matrix with, where given, these extents, in memory of <paramref name="accelerator"/>.</summary>
    /// <exception cref="ArgumentException">The extents are others, or the memory is another accelerator's.</exception>
    public static void RequireMatrix<T>(
        in ArrayView2D<T, Stride2D.DenseX> matrix, string argument, string shape, Accelerator accelerator, long? rows, long? columns)
        where T : unmanaged
    {
        var (width, height) = (matrix.Extent.X, matrix.Extent.Y);
        if ((rows is { } r && height != r) || (columns is { } c && width != c) || width > int.MaxValue || height > int.MaxValue)
        {
            var names = shape.Trim('[', ']').Split(", ");
            throw new ArgumentException(
                $"{argument} has extent (X: {Number(width)}, Y: {Number(height)}); expected (X: {Extent(columns, names[1])}, Y: {Extent(rows, names[0])}) for {shape}, X along a row",
                argument);
        }

        StreamCheck.RequireSameAccelerator(matrix, argument, accelerator);
    }

    /// <summary>Requires that no two rows of a matrix to be written share memory.</summary>
    public static void RequireOwnRows<T>(in ArrayView2D<T, Stride2D.DenseX> matrix, string argument)
        where T : unmanaged
    {
        if (matrix.Extent.Y > 1 && matrix.Stride.YStride < matrix.Extent.X)
            throw new ArgumentException($"{argument} has rows {matrix.Stride.YStride} elements apart; rows of {Number(matrix.Extent.X)} need at least that many", argument);
    }

    /// <summary>Requires a vector of this length in memory of <paramref name="accelerator"/>.</summary>
    /// <exception cref="ArgumentException">The length is another, or the memory is another accelerator's.</exception>
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
