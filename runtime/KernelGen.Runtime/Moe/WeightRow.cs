using KernelGen.Numerics;

namespace KernelGen.Cpu;

/// <summary>Reads stored rows of any declared weight format as fp32, outside of kernels.</summary>
internal static unsafe class WeightRow
{
    private const int BlockSize = 128;

    public static void Widen<T>(T* source, float* target, int columns, int row, ExpertScales? scales, in ProjectionScales table, int expert)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float)) Simd.Widen((float*)source, target, columns);
        else if (typeof(T) == typeof(Half)) Simd.Widen((Half*)source, target, columns);
        else if (typeof(T) == typeof(BFloat16)) Simd.Widen((BFloat16*)source, target, columns);
        else if (scales is not null) Dequantize(source, target, columns, row, scales, table, expert);
        else throw new NotSupportedException($"no kernel supports weights of type {typeof(T).Name}");
    }

    private static void Dequantize<T>(T* source, float* target, int columns, int row, ExpertScales scales, in ProjectionScales table, int expert)
        where T : unmanaged
    {
        var width = ScaleWidth(scales, columns);
        var groups = (columns + width - 1) / width;
        for (var group = 0; group < groups; group++)
        {
            var first = group * width;
            var count = Math.Min(width, columns - first);
            var scale = Scale(scales, table, expert, row, groups, group);
            var zero = ZeroPoint<T>(table, expert, row, groups, group);
            if (typeof(T) == typeof(Float8E4M3)) Simd.Dequantize((Float8E4M3*)source + first, target + first, count, scale);
            else if (typeof(T) == typeof(sbyte)) Simd.Dequantize((sbyte*)source + first, target + first, count, zero, scale);
            else Pairs((Int4Pair*)source, target, first, count, zero, scale);
        }
    }

    /// <summary>Number of consecutive weights of a row that share a scale.</summary>
    public static int ScaleWidth(ExpertScales scales, int columns) =>
        scales.Quantization switch { WeightQuantization.Block128 => BlockSize, WeightQuantization.Group => scales.GroupSize, _ => columns };

    /// <summary>The scale of a row's group.</summary>
    public static float Scale(ExpertScales scales, in ProjectionScales table, int expert, int row, int groups, int group)
    {
        nint scaleRow = scales.Quantization switch { WeightQuantization.Tensor => 0, WeightQuantization.Block128 => (row + table.RowShift) / BlockSize, _ => row };
        return table.Scales[expert][(scaleRow * groups) + group];
    }

    /// <summary>The zero point of a row's group, or its default if there are no zero points.</summary>
    public static sbyte ZeroPoint<T>(in ProjectionScales table, int expert, int row, int groups, int group)
        where T : unmanaged => typeof(T) == typeof(Int4Pair) ? PairZero(table, expert, row, groups, group) : ByteZero(table, expert, row, groups, group);

    // A group of odd size can start inside a pair.
    private static void Pairs(Int4Pair* source, float* target, int first, int count, float zero, float scale)
    {
        if (first % 2 != 0)
        {
            target[first] = (source[first / 2].High - zero) * scale;
            first++;
            count--;
        }

        Simd.Dequantize(source + (first / 2), target + first, count, zero, scale);
    }

    private static sbyte ByteZero(in ProjectionScales table, int expert, int row, int groups, int group) =>
        table.ZeroPoints is null ? (sbyte)0 : (sbyte)table.ZeroPoints[expert][((nint)row * groups) + group];

    private static sbyte PairZero(in ProjectionScales table, int expert, int row, int groups, int group)
    {
        if (table.ZeroPoints is null) return 8;
        var pair = new Int4Pair(table.ZeroPoints[expert][((nint)(row / 2) * groups) + group]);
        return (sbyte)(row % 2 == 0 ? pair.Low : pair.High);
    }
}
