using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KernelGen.Numerics;

/// <content>Rows to lanes.</content>
public static unsafe partial class Simd
{
    /// <summary>
    /// Reads a tile of one row per lane and writes its columns as vectors: lane r of <c>columns[c]</c> is
    /// <c>rows[r · stride + c]</c>.
    /// </summary>
    /// <param name="rows">First element of the first row.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="columns">Receives <paramref name="count"/> vectors.</param>
    /// <param name="count">Number of columns.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(float* rows, nint stride, Vector128<float>* columns, int count) => Transpose(rows, stride, (float*)columns, 4, count);

    /// <inheritdoc cref="Transpose(float*, nint, Vector128{float}*, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(float* rows, nint stride, Vector256<float>* columns, int count) => Transpose(rows, stride, (float*)columns, 8, count);

    /// <inheritdoc cref="Transpose(float*, nint, Vector128{float}*, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(float* rows, nint stride, Vector512<float>* columns, int count) => Transpose(rows, stride, (float*)columns, 16, count);

    /// <summary>In squares of four by four, whatever the number of <paramref name="lanes"/>; then what columns are left, one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float* rows, nint stride, float* columns, int lanes, int count)
    {
        for (var lane = 0; lane < lanes; lane += 4)
        {
            var row = rows + (lane * stride);
            var column = 0;
            for (; column + 4 <= count; column += 4) TransposeSquare(row + column, stride, columns + (column * lanes) + lane, lanes);
            for (; column < count; column++)
                Vector128.Create(row[column], row[stride + column], row[(2 * stride) + column], row[(3 * stride) + column]).Store(columns + (column * lanes) + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeSquare(float* source, nint sourceStride, float* destination, int destinationStride)
    {
        if (Sse.IsSupported)
        {
            var a = Vector128.Load(source);
            var b = Vector128.Load(source + sourceStride);
            var c = Vector128.Load(source + (2 * sourceStride));
            var d = Vector128.Load(source + (3 * sourceStride));
            var abLow = Sse.UnpackLow(a, b);
            var cdLow = Sse.UnpackLow(c, d);
            var abHigh = Sse.UnpackHigh(a, b);
            var cdHigh = Sse.UnpackHigh(c, d);
            Sse.MoveLowToHigh(abLow, cdLow).Store(destination);
            Sse.MoveHighToLow(cdLow, abLow).Store(destination + destinationStride);
            Sse.MoveLowToHigh(abHigh, cdHigh).Store(destination + (2 * destinationStride));
            Sse.MoveHighToLow(cdHigh, abHigh).Store(destination + (3 * destinationStride));
            return;
        }

        for (var column = 0; column < 4; column++)
        {
            Vector128.Create(source[column], source[sourceStride + column], source[(2 * sourceStride) + column], source[(3 * sourceStride) + column])
                .Store(destination + (column * destinationStride));
        }
    }
}
