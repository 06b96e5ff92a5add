using System.Numerics.Tensors;
using System.Globalization;

namespace KernelGen.Cpu;

/// <summary>Validates tensor arguments, with messages that name the argument, its shape and the expected one.</summary>
internal static class TensorShape
{
    /// <summary>Requires a matrix with dense rows and, if given, these extents.</summary>
    public static void RequireMatrix<T>(in ReadOnlyTensorSpan<T> tensor, string argument, string shape, nint? rows, nint? columns)
    {
        var fits = tensor.Rank == 2 && (rows is null || tensor.Lengths[0] == rows) && (columns is null || tensor.Lengths[1] == columns);
        if (!fits)
        {
            var names = shape.Trim('[', ']').Split(", ");
            var expected = $"[{Extent(rows, names[0])}, {Extent(columns, names[1])}]";
            throw new ArgumentException($"{argument} has shape {Describe(tensor.Lengths)}; expected {shape} = {expected}", argument);
        }

        if (tensor.Lengths[0] > int.MaxValue || tensor.Lengths[1] > int.MaxValue)
            throw new ArgumentException($"{argument} has shape {Describe(tensor.Lengths)}; an extent may not exceed {int.MaxValue}", argument);
        if (tensor.Lengths[1] > 1 && tensor.Strides[1] != 1)
            throw new ArgumentException($"{argument} has column stride {tensor.Strides[1]}; its rows must be dense (stride 1)", argument);
    }

    /// <summary>Requires that the rows of an output matrix do not overlap.</summary>
    public static void RequireOwnRows<T>(in ReadOnlyTensorSpan<T> matrix, string argument)
    {
        nint rows = matrix.Lengths[0], columns = matrix.Lengths[1];
        if (rows > 1 && matrix.Strides[0] < columns)
            throw new ArgumentException($"{argument} has row stride {matrix.Strides[0]}; [{rows}, {columns}] needs at least {columns}", argument);
    }

    private static string Describe(ReadOnlySpan<nint> lengths)
    {
        var parts = new string[lengths.Length];
        for (var i = 0; i < parts.Length; i++) parts[i] = Number(lengths[i]);
        return $"[{string.Join(", ", parts)}]";
    }

    private static string Extent(nint? extent, string name) => extent is { } number ? Number(number) : name;

    private static string Number(nint value) => value.ToString(CultureInfo.InvariantCulture);
}
