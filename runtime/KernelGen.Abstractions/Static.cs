namespace KernelGen;

/// <summary>
/// The compile-time vocabulary of kernel templates. Run as ordinary C#, the members do what their names say; in
/// specialised code none of them is left.
/// </summary>
public static class Static
{
    /// <summary>The numbers 0 … <paramref name="count"/> − 1. A <c>foreach</c> over it is unrolled.</summary>
    /// <param name="count">Number of repetitions, at least 0; a constant of the spec.</param>
    public static StaticRange Range(int count) => new(0, count, 1);

    /// <summary>The numbers from <paramref name="start"/> up to, not including, <paramref name="end"/>.</summary>
    /// <param name="start">First number; a constant of the spec.</param>
    /// <param name="end">Exclusive end; a constant of the spec.</param>
    /// <param name="step">Distance of two numbers, at least 1; a constant of the spec.</param>
    public static StaticRange Range(int start, int end, int step = 1) => new(start, end, step);

    /// <summary>A zeroed array whose elements become locals, hence registers. Every index must be a constant of the spec.</summary>
    /// <param name="length">Number of elements; a constant of the spec.</param>
    /// <typeparam name="T">Element type.</typeparam>
    public static T[] Array<T>(int length) => new T[length];

    /// <summary>A zeroed two-dimensional array whose elements become locals. Every index must be a constant of the spec.</summary>
    /// <param name="rows">First extent; a constant of the spec.</param>
    /// <param name="columns">Second extent; a constant of the spec.</param>
    /// <typeparam name="T">Element type.</typeparam>
    public static T[,] Array<T>(int rows, int columns) => new T[rows, columns];
}
