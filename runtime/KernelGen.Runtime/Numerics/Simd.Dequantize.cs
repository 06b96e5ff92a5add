using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KernelGen.Numerics;

/// <content>Converts runs of quantised numbers with a common scale to fp32: <c>(q − zero) · scale</c>.</content>
public static unsafe partial class Simd
{
    /// <summary>Widens <paramref name="count"/> numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(sbyte* source, float* target, int count, float zero, float scale)
    {
        var i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i <= count - Vector512<float>.Count; i += Vector512<float>.Count)
                ((Load<Vector512<float>>(source + i) - Vector512.Create(zero)) * Vector512.Create(scale)).Store(target + i);
        }

        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count)
            ((Load<Vector256<float>>(source + i) - Vector256.Create(zero)) * Vector256.Create(scale)).Store(target + i);
        for (; i < count; i++) target[i] = (source[i] - zero) * scale;
    }

    /// <inheritdoc cref="Dequantize(sbyte*, float*, int, float, float)"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(Float8E4M3* source, float* target, int count, float scale)
    {
        var i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            var scales = Vector512.Create(scale);
            for (; i <= count - (4 * Vector512<float>.Count); i += 4 * Vector512<float>.Count)
            {
                LoadFour(source + i, out Vector512<float> a, out var b, out var c, out var d);
                (a * scales).Store(target + i);
                (b * scales).Store(target + i + 16);
                (c * scales).Store(target + i + 32);
                (d * scales).Store(target + i + 48);
            }
        }

        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count) (Load<Vector256<float>>(source + i) * Vector256.Create(scale)).Store(target + i);
        for (; i < count; i++) target[i] = source[i] * scale;
    }

    /// <inheritdoc cref="Dequantize(sbyte*, float*, int, float, float)"/>
    /// <remarks>The first number is the low one of <paramref name="source"/>.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(Int4Pair* source, float* target, int count, float zero, float scale)
    {
        var i = 0;
        if (Avx512F.IsSupported)
        {
            var levels = Levels<Vector512<float>>(zero) * Vector512.Create(scale); // a lookup does the whole conversion
            for (; i <= count - (2 * Vector512<float>.Count); i += 2 * Vector512<float>.Count)
            {
                var pairs = LoadPairs<Vector512<int>>(source + (i / 2));
                Vector512<float> low = LowHalves(pairs, levels), high = HighHalves(pairs, levels);
                ZipLow(low, high).Store(target + i);
                ZipHigh(low, high).Store(target + i + Vector512<float>.Count);
            }
        }

        var zeros = Vector256.Create(zero);
        for (; i <= count - (2 * Vector256<float>.Count); i += 2 * Vector256<float>.Count)
        {
            var pairs = LoadPairs<Vector256<int>>(source + (i / 2));
            Vector256<float> low = LowHalves(pairs, zeros) * Vector256.Create(scale), high = HighHalves(pairs, zeros) * Vector256.Create(scale);
            ZipLow(low, high).Store(target + i);
            ZipHigh(low, high).Store(target + i + Vector256<float>.Count);
        }

        for (; i < count; i++) target[i] = (((i & 1) == 0 ? source[i / 2].Low : source[i / 2].High) - zero) * scale;
    }
}
