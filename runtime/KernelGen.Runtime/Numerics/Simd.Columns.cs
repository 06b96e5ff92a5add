using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KernelGen.Numerics;

/// <content>Transposition of rows in memory to lanes of vectors.</content>
public static unsafe partial class Simd
{
    /// <summary>
    /// Reads as many rows as a vector has lanes and writes their columns as vectors: lane r of <c>columns[c]</c> is
    /// <c>rows[r · stride + c]</c>.
    /// </summary>
    /// <param name="rows">First element of the first row.</param>
    /// <param name="stride">Row stride, in elements.</param>
    /// <param name="columns">Receives <paramref name="count"/> vectors.</param>
    /// <param name="count">Number of columns.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Columns(float* rows, nint stride, Vector128<float>* columns, int count) => Columns(rows, stride, (float*)columns, Vector128<float>.Count, count);

    /// <inheritdoc cref="Columns(float*, nint, Vector128{float}*, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Columns(float* rows, nint stride, Vector256<float>* columns, int count) => Columns(rows, stride, (float*)columns, Vector256<float>.Count, count);

    /// <inheritdoc cref="Columns(float*, nint, Vector128{float}*, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Columns(float* rows, nint stride, Vector512<float>* columns, int count) => Columns(rows, stride, (float*)columns, Vector512<float>.Count, count);

    /// <summary>In squares of four by four, whatever the number of lanes; then the remaining columns one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns(float* rows, nint stride, float* columns, int lanes, int count)
    {
        for (var lane = 0; lane < lanes; lane += 4)
        {
            float* row0 = rows + (lane * stride), row1 = row0 + stride, row2 = row1 + stride, row3 = row2 + stride;
            var target = columns + lane;
            var column = 0;
            for (; column <= count - 4; column += 4)
            {
                var (a, b, c, d) = Transpose(
                    Vector128.Load(row0 + column), Vector128.Load(row1 + column), Vector128.Load(row2 + column), Vector128.Load(row3 + column));
                a.Store(target);
                b.Store(target + lanes);
                c.Store(target + (2 * lanes));
                d.Store(target + (3 * lanes));
                target += 4 * lanes;
            }

            for (; column < count; column++)
            {
                Vector128.Create(row0[column], row1[column], row2[column], row3[column]).Store(target);
                target += lanes;
            }
        }
    }
}
