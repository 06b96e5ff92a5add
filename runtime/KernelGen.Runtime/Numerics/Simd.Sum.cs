using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace KernelGen.Numerics;

/// <content>Sums across lanes and transposition between vectors of tokens and rows of elements.</content>
public static unsafe partial class Simd
{
    /// <summary>The sum of the lanes, halves first, in the same order for every width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> value) => Sum(value.GetLower() + value.GetUpper());

    /// <inheritdoc cref="Sum(Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> value) => Sum(value.GetLower() + value.GetUpper());

    /// <inheritdoc cref="Sum(Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> value)
    {
        value += Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1));
        return value.ToScalar() + value.GetElement(1);
    }

    /// <summary>
    /// Interleaves up to <paramref name="width"/> rows: <c>panel[i · width + r] = rows[r][i]</c>; missing rows become zeros.
    /// </summary>
    /// <param name="rows">Address of each row.</param>
    /// <param name="rowCount">Number of rows, 1 to <paramref name="width"/>.</param>
    /// <param name="length">Elements per row.</param>
    /// <param name="panel">Receives [length, width].</param>
    /// <param name="width">Number of rows in a full panel, a multiple of 4.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Interleave(float** rows, int rowCount, int length, float* panel, int width)
    {
        for (var r = 0; r < width; r += 4)
        {
            var i = 0;
            if (r + 4 <= rowCount)
            {
                for (; i <= length - 4; i += 4)
                {
                    var (a, b, c, d) = Transpose(Vector128.Load(rows[r] + i), Vector128.Load(rows[r + 1] + i), Vector128.Load(rows[r + 2] + i), Vector128.Load(rows[r + 3] + i));
                    var target = panel + ((nint)i * width) + r;
                    a.Store(target);
                    b.Store(target + width);
                    c.Store(target + (2 * width));
                    d.Store(target + (3 * width));
                }
            }

            for (; i < length; i++)
            {
                for (var lane = r; lane < r + 4; lane++) panel[((nint)i * width) + lane] = lane < rowCount ? rows[lane][i] : 0f;
            }
        }
    }

    /// <summary>
    /// Reverses <see cref="Interleave"/> and scales: <c>rows[r][i] = panel[i · width + r] · scales[r]</c>.
    /// </summary>
    /// <param name="panel">[length, width].</param>
    /// <param name="width">Number of rows in a full panel, a multiple of 4.</param>
    /// <param name="length">Elements per row.</param>
    /// <param name="rows">Address of each row.</param>
    /// <param name="scales">Factor of each row.</param>
    /// <param name="rowCount">Number of rows, 1 to <paramref name="width"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Deinterleave(float* panel, int width, int length, float** rows, float* scales, int rowCount)
    {
        for (var r = 0; r < rowCount; r += 4)
        {
            var i = 0;
            if (r + 4 <= rowCount)
            {
                var factors = Vector128.Load(scales + r);
                for (; i <= length - 4; i += 4)
                {
                    var source = panel + ((nint)i * width) + r;
                    var (a, b, c, d) = Transpose(
                        Vector128.Load(source) * factors,
                        Vector128.Load(source + width) * factors,
                        Vector128.Load(source + (2 * width)) * factors,
                        Vector128.Load(source + (3 * width)) * factors);
                    a.Store(rows[r] + i);
                    b.Store(rows[r + 1] + i);
                    c.Store(rows[r + 2] + i);
                    d.Store(rows[r + 3] + i);
                }
            }

            for (; i < length; i++)
            {
                for (var lane = r; lane < Math.Min(r + 4, rowCount); lane++) rows[lane][i] = panel[((nint)i * width) + lane] * scales[lane];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<float> A, Vector128<float> B, Vector128<float> C, Vector128<float> D) Transpose(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        Vector128<float> acLow = ZipLow(a, c), acHigh = ZipHigh(a, c), bdLow = ZipLow(b, d), bdHigh = ZipHigh(b, d);
        return (ZipLow(acLow, bdLow), ZipHigh(acLow, bdLow), ZipLow(acHigh, bdHigh), ZipHigh(acHigh, bdHigh));
    }

    /// <summary>The lower halves of two vectors, interleaved.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported) return Sse.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipLow(a, b);
        return Vector128.Create(a.GetElement(0), b.GetElement(0), a.GetElement(1), b.GetElement(1));
    }

    /// <inheritdoc cref="ZipLow(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ZipLow(Vector256<float> a, Vector256<float> b) =>
        Vector256.Create(ZipLow(a.GetLower(), b.GetLower()), ZipHigh(a.GetLower(), b.GetLower()));

    /// <inheritdoc cref="ZipLow(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ZipLow(Vector512<float> a, Vector512<float> b)
    {
        if (Avx512F.IsSupported) return Avx512F.PermuteVar16x32x2(a, Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), b);
        return Vector512.Create(ZipLow(a.GetLower(), b.GetLower()), ZipHigh(a.GetLower(), b.GetLower()));
    }

    /// <summary>The upper halves of two vectors, interleaved.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported) return Sse.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipHigh(a, b);
        return Vector128.Create(a.GetElement(2), b.GetElement(2), a.GetElement(3), b.GetElement(3));
    }

    /// <inheritdoc cref="ZipHigh(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ZipHigh(Vector256<float> a, Vector256<float> b) =>
        Vector256.Create(ZipLow(a.GetUpper(), b.GetUpper()), ZipHigh(a.GetUpper(), b.GetUpper()));

    /// <inheritdoc cref="ZipHigh(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ZipHigh(Vector512<float> a, Vector512<float> b)
    {
        if (Avx512F.IsSupported) return Avx512F.PermuteVar16x32x2(a, Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), b);
        return Vector512.Create(ZipLow(a.GetUpper(), b.GetUpper()), ZipHigh(a.GetUpper(), b.GetUpper()));
    }
}
