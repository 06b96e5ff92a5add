using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KernelGen.Numerics;

/// <content>Runs of quantised numbers that share a scale, to single precision: <c>(q − zero) · scale</c>.</content>
public static unsafe partial class Simd
{
    /// <summary>Widens <paramref name="count"/> numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(sbyte* source, float* target, int count, float zero, float scale)
    {
        var (zeros, scales) = (Vector256.Create(zero), Vector256.Create(scale));
        var i = 0;
        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count)
            ((Load<Vector256<float>>(source + i) - zeros) * scales).Store(target + i);
        for (; i < count; i++) target[i] = (source[i] - zero) * scale;
    }

    /// <inheritdoc cref="Dequantize(sbyte*, float*, int, float, float)"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(Float8E4M3* source, float* target, int count, float scale)
    {
        var scales = Vector256.Create(scale);
        var i = 0;
        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count) (Load<Vector256<float>>(source + i) * scales).Store(target + i);
        for (; i < count; i++) target[i] = source[i] * scale;
    }

    /// <inheritdoc cref="Dequantize(sbyte*, float*, int, float, float)"/>
    /// <remarks>The first number is the low one of <paramref name="source"/>.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(Int4Pair* source, float* target, int count, float zero, float scale)
    {
        const int Run = 16;
        var numbers = stackalloc sbyte[Run];
        var (zeros, scales) = (Vector256.Create(zero), Vector256.Create(scale));
        var i = 0;
        for (; i <= count - Run; i += Run)
        {
            // A pair in sixteen bits becomes two bytes: its low half stays, its high half moves up to the next byte.
            var pairs = Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(source + (i / 2))).AsByte());
            ((pairs | (pairs << 4)) & Vector128.Create((ushort)0x0F0F)).AsSByte().Store(numbers);
            ((Load<Vector256<float>>(numbers) - zeros) * scales).Store(target + i);
            ((Load<Vector256<float>>(numbers + 8) - zeros) * scales).Store(target + i + 8);
        }

        for (; i < count; i++) target[i] = (((i & 1) == 0 ? source[i / 2].Low : source[i / 2].High) - zero) * scale;
    }
}
