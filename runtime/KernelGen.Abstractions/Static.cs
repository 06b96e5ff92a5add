namespace KernelGen;

/// <summary>
/// The compile-time language of kernel templates. In ordinary C#, the members behave as their names say;
/// specialised code does not contain them.
/// </summary>
public static class Static
{
    /// <summary>The numbers 0 … <paramref name="count"/> − 1. A <c>foreach</c> over them is unrolled.</summary>
    /// <param name="count">Number of iterations, at least 0; a known value.</param>
    public static StaticRange Range(int count) => new(0, count, 1);

    /// <summary>The numbers from <paramref name="start"/> to <paramref name="end"/>, exclusive.</summary>
    /// <param name="start">First number; a known value.</param>
    /// <param name="end">Exclusive end; a known value.</param>
    /// <param name="step">Increment, at least 1; a known value.</param>
    public static StaticRange Range(int start, int end, int step = 1) => new(start, end, step);

    /// <summary>A zeroed array whose elements become locals, hence registers. Every index must be a known value.</summary>
    /// <param name="length">Number of elements; a known value.</param>
    /// <typeparam name="T">Element type.</typeparam>
    public static T[] Array<T>(int length) => new T[length];

    /// <summary>A zeroed two-dimensional array whose elements become locals. Every index must be a known value.</summary>
    /// <param name="rows">First extent; a known value.</param>
    /// <param name="columns">Second extent; a known value.</param>
    /// <typeparam name="T">Element type.</typeparam>
    public static T[,] Array<T>(int rows, int columns) => new T[rows, columns];
}
