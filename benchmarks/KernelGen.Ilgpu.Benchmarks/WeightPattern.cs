using ILGPU;
using ILGPU.Runtime;
using KernelGen.Benchmarking;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>Weights and scales that repeat a pattern whose length divides no row, for layers larger than host memory.</summary>
/// <param name="numbers">The stored numbers, a few million and eight.</param>
/// <param name="widen">The value of a number; for pairs, of one of the two.</param>
/// <param name="quantization">Which weights share a scale.</param>
/// <param name="groupSize">Number of weights per group, or 0.</param>
internal sealed class WeightPattern<T>(T[] numbers, Func<T, int, double> widen, WeightQuantization quantization = WeightQuantization.None, int groupSize = 0)
    where T : unmanaged
{
    private const int ScaleCount = 8191;

    // Numbers of fp8 and integers are some tens on average; weights are about 0.02. The 128 rows of a block share a scale.
    private readonly float[] _scales =
    [
        .. from value in RandomNumbers.Normal(ScaleCount, seed: 6)
           from row in Enumerable.Range(0, quantization == WeightQuantization.Block128 ? 128 : 1)
           select 3e-4f * (1 + (0.3f * MathF.Tanh(value))),
    ];

    private static int WeightsOfNumber => typeof(T) == typeof(Int4Pair) ? 2 : 1;

    private int Width => quantization == WeightQuantization.Block128 ? 128 : groupSize;

    /// <summary>The matrices [experts, rows, columns].</summary>
    public MemoryBuffer1D<T, Stride1D.Dense> Allocate(AcceleratorStream stream, int experts, int rows, int columns) =>
        Repeat(stream, numbers, (long)experts * rows * columns / WeightsOfNumber);

    /// <summary>Their scales, or null.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense>? AllocateScales(AcceleratorStream stream, int experts, int rows, int columns) =>
        quantization == WeightQuantization.None ? null : Repeat(stream, _scales, (long)experts * Groups(columns) * rows);

    /// <summary>The scales in the kernels' layout.</summary>
    public DeviceExpertScales Scales(ArrayView<float> gateUp, ArrayView<float> down) => quantization switch
    {
        WeightQuantization.Channel => DeviceExpertScales.PerChannel(gateUp, down),
        WeightQuantization.Block128 => DeviceExpertScales.PerBlock128(gateUp, down),
        _ => DeviceExpertScales.PerGroup(groupSize, gateUp, down),
    };

    /// <summary>A weight.</summary>
    public double Weight(int expert, int row, int column, int rows, int columns)
    {
        var index = ((((long)expert * rows) + row) * columns) + column;
        var number = widen(numbers[index / WeightsOfNumber % numbers.Length], (int)(index % WeightsOfNumber));
        if (quantization == WeightQuantization.None) return number;
        var group = Width == 0 ? 0 : column / Width;
        return number * _scales[((((long)expert * Groups(columns)) + group) * rows + row) % _scales.Length];
    }

    private int Groups(int columns) => Width == 0 ? 1 : (columns + Width - 1) / Width;

    private static MemoryBuffer1D<TElement, Stride1D.Dense> Repeat<TElement>(AcceleratorStream stream, TElement[] pattern, long length)
        where TElement : unmanaged
    {
        var buffer = stream.Accelerator.Allocate1D<TElement>(length);
        for (var start = 0L; start < length; start += pattern.Length)
        {
            var count = (int)Math.Min(pattern.Length, length - start);
            buffer.View.SubView(start, count).CopyFromCPU(stream, new ReadOnlySpan<TElement>(pattern, 0, count));
        }

        stream.Synchronize();
        return buffer;
    }
}

/// <summary>The patterns of all weight formats.</summary>
internal static class WeightPatterns
{
    private const int Length = (1 << 24) + 8;

    public static WeightPattern<BFloat16> BFloat16 { get; } = new(Array.ConvertAll(Normal(), value => (BFloat16)value), (value, _) => value);

    public static WeightPattern<System.Half> Half { get; } = new(Array.ConvertAll(Normal(), value => (System.Half)value), (value, _) => (double)value);

    public static WeightPattern<Float8E4M3> Float8Block { get; } = new(Array.ConvertAll(Normal(), value => (Float8E4M3)(3000 * value)), (value, _) => value, WeightQuantization.Block128);

    public static WeightPattern<sbyte> Int8Channel { get; } = new(Array.ConvertAll(Normal(), value => (sbyte)Math.Clamp(2000 * value, -127, 127)), (value, _) => value, WeightQuantization.Channel);

    public static WeightPattern<Int4Pair> Int4Group { get; } = new(
        Array.ConvertAll(Normal(), value => new Int4Pair((byte)(int)(value * 1e6f))), (pair, odd) => (odd == 0 ? pair.Low : pair.High) - 8, WeightQuantization.Group, 128);

    private static float[] Normal() => Array.ConvertAll(RandomNumbers.Normal(Length, seed: 3), value => 0.02f * value);
}
