using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KernelGen.Numerics;

/// <content>
/// Comparisons of floats. Unlike the framework's <c>Max</c> and <c>Min</c>, whose treatment of NaN and −0 costs several
/// instructions, these are a single comparison, and a single instruction on x86.
/// </content>
public static unsafe partial class Simd
{
    private static ReadOnlySpan<int> Lanes =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
        32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
    ];

    /// <summary>The address of a vector that holds <paramref name="first"/>, <paramref name="first"/> + 1, … in its lanes.</summary>
    /// <param name="first">Number of the first lane; no lane may exceed 63.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly int LaneNumbers(int first) => ref Unsafe.Add(ref MemoryMarshal.GetReference(Lanes), first);

    /// <summary><c>a &gt; b ? a : b</c> in every lane, hence b if either is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Larger(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.Max(a, b) : Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), a, b);

    /// <inheritdoc cref="Larger(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Larger(Vector256<float> a, Vector256<float> b) =>
        Avx.IsSupported ? Avx.Max(a, b) : Vector256.ConditionalSelect(Vector256.GreaterThan(a, b), a, b);

    /// <inheritdoc cref="Larger(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Larger(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported ? Avx512F.Max(a, b) : Vector512.ConditionalSelect(Vector512.GreaterThan(a, b), a, b);

    /// <summary><c>a &lt; b ? a : b</c> in every lane, hence b if either is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Smaller(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.Min(a, b) : Vector128.ConditionalSelect(Vector128.LessThan(a, b), a, b);

    /// <inheritdoc cref="Smaller(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Smaller(Vector256<float> a, Vector256<float> b) =>
        Avx.IsSupported ? Avx.Min(a, b) : Vector256.ConditionalSelect(Vector256.LessThan(a, b), a, b);

    /// <inheritdoc cref="Smaller(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Smaller(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported ? Avx512F.Min(a, b) : Vector512.ConditionalSelect(Vector512.LessThan(a, b), a, b);

    /// <summary>The largest lane, in every lane. No lane may be NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MaxAcross(Vector128<float> v)
    {
        v = Larger(v, Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1)));
        return Larger(v, Vector128.Shuffle(v, Vector128.Create(1, 0, 3, 2)));
    }

    /// <inheritdoc cref="MaxAcross(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MaxAcross(Vector256<float> v)
    {
        if (!Avx.IsSupported)
        {
            var half = MaxAcross(Larger(v.GetLower(), v.GetUpper()));
            return Vector256.Create(half, half);
        }

        // Staying in all lanes saves the broadcast that a scalar result would need.
        v = Avx.Max(v, Avx.Permute2x128(v, v, 0x01));
        v = Avx.Max(v, Avx.Permute(v, 0b01_00_11_10));
        return Avx.Max(v, Avx.Permute(v, 0b10_11_00_01));
    }

    /// <inheritdoc cref="MaxAcross(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MaxAcross(Vector512<float> v)
    {
        var half = MaxAcross(Larger(v.GetLower(), v.GetUpper()));
        return Vector512.Create(half, half);
    }

    /// <summary>The sum of the two largest numbers of all lanes.</summary>
    /// <param name="first">The largest of each lane.</param>
    /// <param name="second">The second largest of each lane.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumOfTwoLargest(Vector128<float> first, Vector128<float> second)
    {
        Merge(ref first, ref second, Vector128.Shuffle(first, Vector128.Create(2, 3, 0, 1)), Vector128.Shuffle(second, Vector128.Create(2, 3, 0, 1)));
        Merge(ref first, ref second, Vector128.Shuffle(first, Vector128.Create(1, 0, 3, 2)), Vector128.Shuffle(second, Vector128.Create(1, 0, 3, 2)));
        return (first + second).ToScalar();
    }

    /// <inheritdoc cref="SumOfTwoLargest(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumOfTwoLargest(Vector256<float> first, Vector256<float> second)
    {
        Vector128<float> one = first.GetLower(), two = second.GetLower();
        Merge(ref one, ref two, first.GetUpper(), second.GetUpper());
        return SumOfTwoLargest(one, two);
    }

    /// <inheritdoc cref="SumOfTwoLargest(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumOfTwoLargest(Vector512<float> first, Vector512<float> second)
    {
        Vector256<float> lower = first.GetLower(), upper = first.GetUpper();
        var next = Larger(Smaller(lower, upper), Larger(second.GetLower(), second.GetUpper()));
        return SumOfTwoLargest(Larger(lower, upper), next);
    }

    // The two largest of two sorted pairs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Merge(ref Vector128<float> first, ref Vector128<float> second, Vector128<float> otherFirst, Vector128<float> otherSecond)
    {
        second = Larger(Smaller(first, otherFirst), Larger(second, otherSecond));
        first = Larger(first, otherFirst);
    }

    /// <summary>The largest lane of each of several vectors, as many as a vector has lanes: that of the first vector in lane 0, and so on. No lane may be NaN.</summary>
    /// <param name="vectors">The vectors, one after another.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LargestOfEach(Vector128<float>* vectors) => LargestOfEach(vectors[0], vectors[1], vectors[2], vectors[3]);

    /// <inheritdoc cref="LargestOfEach(Vector128{float}*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LargestOfEach(Vector256<float>* vectors) => Vector256.Create(LargestOfFour(vectors), LargestOfFour(vectors + 4));

    /// <inheritdoc cref="LargestOfEach(Vector128{float}*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LargestOfEach(Vector512<float>* vectors) => Vector512.Create(
        Vector256.Create(LargestOfFour(vectors), LargestOfFour(vectors + 4)),
        Vector256.Create(LargestOfFour(vectors + 8), LargestOfFour(vectors + 12)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LargestOfFour(Vector256<float>* v) =>
        LargestOfEach(LargerHalf(v[0]), LargerHalf(v[1]), LargerHalf(v[2]), LargerHalf(v[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LargestOfFour(Vector512<float>* v) => LargestOfEach(
        LargerHalf(LargerHalf(v[0])), LargerHalf(LargerHalf(v[1])), LargerHalf(LargerHalf(v[2])), LargerHalf(LargerHalf(v[3])));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LargerHalf(Vector256<float> v) => Larger(v.GetLower(), v.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LargerHalf(Vector512<float> v) => Larger(v.GetLower(), v.GetUpper());

    // Half a transposition: the lanes of one vector are combined lane by lane, for four vectors at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LargestOfEach(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        var ac = Larger(ZipLow(a, c), ZipHigh(a, c));
        var bd = Larger(ZipLow(b, d), ZipHigh(b, d));
        return Larger(ZipLow(ac, bd), ZipHigh(ac, bd));
    }
}
