using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KernelGen.Numerics;

/// <content>Converts 8-bit and 4-bit integers to fp32.</content>
public static unsafe partial class Simd
{
    /// <inheritdoc cref="Load{TVector}(float*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(sbyte* source)
        where TVector : struct
    {
        if (typeof(TVector) == typeof(Vector512<float>)) return Unsafe.BitCast<Vector512<float>, TVector>(Vector512.ConvertToSingle(Ints512(source)));
        if (typeof(TVector) == typeof(Vector256<float>)) return Unsafe.BitCast<Vector256<float>, TVector>(Vector256.ConvertToSingle(Ints256(source)));
        if (typeof(TVector) == typeof(Vector128<float>)) return Unsafe.BitCast<Vector128<float>, TVector>(Vector128.ConvertToSingle(Ints128(source)));
        throw new NotSupportedException($"{typeof(TVector)} is not a vector of float");
    }

    /// <summary>Loads as many pairs as <typeparamref name="TVector"/> (a vector of <see cref="int"/>) has lanes, for <see cref="LowHalves(Vector256{int}, Vector256{float})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector LoadPairs<TVector>(Int4Pair* source)
        where TVector : struct
    {
        if (typeof(TVector) == typeof(Vector512<int>)) return Unsafe.BitCast<Vector512<int>, TVector>(Ints512((byte*)source));
        if (typeof(TVector) == typeof(Vector256<int>)) return Unsafe.BitCast<Vector256<int>, TVector>(Ints256((byte*)source));
        if (typeof(TVector) == typeof(Vector128<int>)) return Unsafe.BitCast<Vector128<int>, TVector>(Ints128((byte*)source));
        throw new NotSupportedException($"{typeof(TVector)} is not a vector of int");
    }

    /// <summary>The representation of a zero point for <see cref="LowHalves(Vector256{int}, Vector256{float})"/>: the zero point itself, or the sixteen numbers minus it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Levels<TVector>(float zeroPoint)
        where TVector : struct
    {
        if (typeof(TVector) == typeof(Vector512<float>)) return Unsafe.BitCast<Vector512<float>, TVector>(Levels512(zeroPoint));
        if (typeof(TVector) == typeof(Vector256<float>)) return Unsafe.BitCast<Vector256<float>, TVector>(Vector256.Create(zeroPoint));
        if (typeof(TVector) == typeof(Vector128<float>)) return Unsafe.BitCast<Vector128<float>, TVector>(Vector128.Create(zeroPoint));
        throw new NotSupportedException($"{typeof(TVector)} is not a vector of float");
    }

    /// <summary>The low numbers of pairs, minus the zero point of <paramref name="levels"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LowHalves(Vector128<int> pairs, Vector128<float> levels) => Vector128.ConvertToSingle(pairs & Vector128.Create(0xF)) - levels;

    /// <inheritdoc cref="LowHalves(Vector128{int}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LowHalves(Vector256<int> pairs, Vector256<float> levels) => Vector256.ConvertToSingle(pairs & Vector256.Create(0xF)) - levels;

    /// <inheritdoc cref="LowHalves(Vector128{int}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LowHalves(Vector512<int> pairs, Vector512<float> levels) =>
        Avx512F.IsSupported ? Avx512F.PermuteVar16x32(levels, pairs) : Vector512.ConvertToSingle(pairs & Vector512.Create(0xF)) - levels;

    /// <summary>The high numbers of pairs, minus the zero point of <paramref name="levels"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> HighHalves(Vector128<int> pairs, Vector128<float> levels) => Vector128.ConvertToSingle(pairs >>> 4) - levels;

    /// <inheritdoc cref="HighHalves(Vector128{int}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HighHalves(Vector256<int> pairs, Vector256<float> levels) => Vector256.ConvertToSingle(pairs >>> 4) - levels;

    /// <inheritdoc cref="HighHalves(Vector128{int}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> HighHalves(Vector512<int> pairs, Vector512<float> levels) =>
        Avx512F.IsSupported ? Avx512F.PermuteVar16x32(levels, pairs >>> 4) : Vector512.ConvertToSingle(pairs >>> 4) - levels;

    /// <summary>The even lanes of two consecutive vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Evens(Vector128<float> first, Vector128<float> second)
    {
        if (Sse.IsSupported) return Sse.Shuffle(first, second, 0b10_00_10_00);
        return Vector128.Create(first[0], first[2], second[0], second[2]);
    }

    /// <inheritdoc cref="Evens(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Evens(Vector256<float> first, Vector256<float> second)
    {
        if (Avx2.IsSupported) return Avx2.Permute4x64(Avx.Shuffle(first, second, 0b10_00_10_00).AsDouble(), 0b11_01_10_00).AsSingle();
        return Vector256.Create(Evens(first.GetLower(), first.GetUpper()), Evens(second.GetLower(), second.GetUpper()));
    }

    /// <inheritdoc cref="Evens(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Evens(Vector512<float> first, Vector512<float> second)
    {
        if (Avx512F.IsSupported) return Avx512F.PermuteVar16x32x2(first, Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), second);
        return Vector512.Create(Evens(first.GetLower(), first.GetUpper()), Evens(second.GetLower(), second.GetUpper()));
    }

    /// <summary>The odd lanes of two consecutive vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Odds(Vector128<float> first, Vector128<float> second)
    {
        if (Sse.IsSupported) return Sse.Shuffle(first, second, 0b11_01_11_01);
        return Vector128.Create(first[1], first[3], second[1], second[3]);
    }

    /// <inheritdoc cref="Odds(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Odds(Vector256<float> first, Vector256<float> second)
    {
        if (Avx2.IsSupported) return Avx2.Permute4x64(Avx.Shuffle(first, second, 0b11_01_11_01).AsDouble(), 0b11_01_10_00).AsSingle();
        return Vector256.Create(Odds(first.GetLower(), first.GetUpper()), Odds(second.GetLower(), second.GetUpper()));
    }

    /// <inheritdoc cref="Odds(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Odds(Vector512<float> first, Vector512<float> second)
    {
        if (Avx512F.IsSupported) return Avx512F.PermuteVar16x32x2(first, Vector512.Create(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), second);
        return Vector512.Create(Odds(first.GetLower(), first.GetUpper()), Odds(second.GetLower(), second.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Levels512(float zeroPoint) => Avx512F.IsSupported
        ? Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) - Vector512.Create(zeroPoint)
        : Vector512.Create(zeroPoint);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Ints128(sbyte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<int>(source)).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Ints256(sbyte* source)
    {
        if (Avx2.IsSupported) return Avx2.ConvertToVector256Int32(source);
        return Vector256.Create(Ints128(source), Ints128(source + 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Ints512(sbyte* source)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Int32(Vector128.Load(source));
        return Vector512.Create(Ints256(source), Ints256(source + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Ints128(byte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<int>(source)).AsByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Ints256(byte* source)
    {
        if (Avx2.IsSupported) return Avx2.ConvertToVector256Int32(source);
        return Vector256.Create(Ints128(source), Ints128(source + 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Ints512(byte* source)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Int32(Vector128.Load(source));
        return Vector512.Create(Ints256(source), Ints256(source + 8));
    }
}
