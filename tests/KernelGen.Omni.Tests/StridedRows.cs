using System.Numerics.Tensors;

namespace KernelGen.Tests;

/// <summary>Matrices whose rows lie apart.</summary>
internal static class StridedRows
{
    /// <summary>The matrix [rows, columns] that begins at <paramref name="start"/>, with rows <paramref name="stride"/> elements apart.</summary>
    /// <remarks>The framework wants stride 0 for an extent of 1, and none where there is at most one row.</remarks>
    public static TensorSpan<T> Of<T>(T[] values, int start, int rows, int columns, int stride) =>
        rows < 2 ? new(values, start, [rows, columns], []) : new(values, start, [rows, columns], [stride, columns == 1 ? 0 : 1]);
}
