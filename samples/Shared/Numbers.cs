using System.Numerics.Tensors;

namespace Samples;

/// <summary>Random inputs, and arrays viewed as matrices.</summary>
internal static class Numbers
{
    /// <summary>Normally distributed numbers with the given standard deviation.</summary>
    public static float[] Normal(Random random, int count, double deviation = 1) => [.. Enumerable.Range(0, count).Select(_ =>
        (float)(deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];

    /// <summary>Views an array as a matrix with the given number of rows.</summary>
    public static TensorSpan<T> Rows<T>(this T[] values, int rows) => new(values, [rows, values.Length / rows], []);
}
