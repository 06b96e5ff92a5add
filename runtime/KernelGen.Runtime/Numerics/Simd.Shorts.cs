using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace KernelGen.Numerics;

/// <content>Products of 8-bit integers, widened to 16 bits, with exact 32-bit sums.</content>
public static unsafe partial class Simd
{
    /// <summary>Loads as many bytes as <typeparamref name="TVector"/> (a vector of <see cref="short"/>) has lanes, widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector LoadShorts<TVector>(sbyte* source)
        where TVector : struct
    {
        if (typeof(TVector) == typeof(Vector512<short>)) return Unsafe.BitCast<Vector512<short>, TVector>(Shorts512(source));
        if (typeof(TVector) == typeof(Vector256<short>)) return Unsafe.BitCast<Vector256<short>, TVector>(Shorts256(source));
        if (typeof(TVector) == typeof(Vector128<short>)) return Unsafe.BitCast<Vector128<short>, TVector>(Shorts128(source));
        throw new NotSupportedException($"{typeof(TVector)} is not a vector of short");
    }

    /// <summary>Copies <paramref name="count"/> numbers, widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(sbyte* source, short* target, int count)
    {
        var i = 0;
        for (; i <= count - Vector256<short>.Count; i += Vector256<short>.Count) Shorts256(source + i).Store(target + i);
        for (; i < count; i++) target[i] = source[i];
    }

    /// <summary><c>sum[i] + a[2i] · b[2i] + a[2i + 1] · b[2i + 1]</c>, exact unless it overflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddPairs(Vector128<short> a, Vector128<short> b, Vector128<int> sum)
    {
        if (Sse2.IsSupported) return sum + Sse2.MultiplyAddAdjacent(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return sum + AdvSimd.Arm64.AddPairwise(AdvSimd.MultiplyWideningLower(a.GetLower(), b.GetLower()), AdvSimd.MultiplyWideningUpper(a, b));
        var (a32, b32) = (a.AsInt32(), b.AsInt32());
        return sum + ((a32 << 16 >> 16) * (b32 << 16 >> 16)) + ((a32 >> 16) * (b32 >> 16));
    }

    /// <inheritdoc cref="MultiplyAddPairs(Vector128{short}, Vector128{short}, Vector128{int})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddPairs(Vector256<short> a, Vector256<short> b, Vector256<int> sum)
    {
        if (Avx2.IsSupported) return sum + Avx2.MultiplyAddAdjacent(a, b);
        return Vector256.Create(MultiplyAddPairs(a.GetLower(), b.GetLower(), sum.GetLower()), MultiplyAddPairs(a.GetUpper(), b.GetUpper(), sum.GetUpper()));
    }

    /// <inheritdoc cref="MultiplyAddPairs(Vector128{short}, Vector128{short}, Vector128{int})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAddPairs(Vector512<short> a, Vector512<short> b, Vector512<int> sum)
    {
        if (Avx512BW.IsSupported) return sum + Avx512BW.MultiplyAddAdjacent(a, b);
        return Vector512.Create(MultiplyAddPairs(a.GetLower(), b.GetLower(), sum.GetLower()), MultiplyAddPairs(a.GetUpper(), b.GetUpper(), sum.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Shorts128(sbyte* source) => Vector128.WidenLower(Vector64.Load(source).ToVector128());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Shorts256(sbyte* source)
    {
        if (Avx2.IsSupported) return Avx2.ConvertToVector256Int16(Vector128.Load(source));
        return Vector256.Create(Shorts128(source), Shorts128(source + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Shorts512(sbyte* source)
    {
        if (Avx512BW.IsSupported) return Avx512BW.ConvertToVector512Int16(Vector256.Load(source));
        return Vector512.Create(Shorts256(source), Shorts256(source + 16));
    }
}
