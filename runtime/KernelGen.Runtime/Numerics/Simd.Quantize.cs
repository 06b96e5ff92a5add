using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KernelGen.Numerics;

/// <content>Quantises fp32 numbers: rounds to nearest, ties to even. Rows and vectors give the same bits.</content>
public static unsafe partial class Simd
{
    private const float Float8Largest = 448f;
    private const float Float8SmallestNormal = 1f / 64;
    private const int SingleMagnitude = int.MaxValue;
    private const int SingleExponent = 0xFF << 23;

    // Adding a number to its power of two times this rounds it to an eighth of that power: three mantissa bits.
    private const int Float8Roundness = 20 << 23;

    // Near 1.5 · 2^23, fp32 numbers are integers, found in the low bits.
    private const float IntegerRoundness = 12582912f;

    /// <summary>The nearest 8-bit float in every lane, saturating at ±448; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> RoundToFloat8(Vector128<float> value)
    {
        var magnitude = Smaller(Vector128.Create(Float8Largest), (value.AsInt32() & Vector128.Create(SingleMagnitude)).AsSingle());
        var power = Larger(Vector128.Create(Float8SmallestNormal), (magnitude.AsInt32() & Vector128.Create(SingleExponent)).AsSingle());
        var roundness = (power.AsInt32() + Vector128.Create(Float8Roundness)).AsSingle();
        var rounded = magnitude + roundness - roundness;
        return (rounded.AsInt32() | (value.AsInt32() & Vector128.Create(int.MinValue))).AsSingle();
    }

    /// <inheritdoc cref="RoundToFloat8(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> RoundToFloat8(Vector256<float> value)
    {
        var magnitude = Smaller(Vector256.Create(Float8Largest), (value.AsInt32() & Vector256.Create(SingleMagnitude)).AsSingle());
        var power = Larger(Vector256.Create(Float8SmallestNormal), (magnitude.AsInt32() & Vector256.Create(SingleExponent)).AsSingle());
        var roundness = (power.AsInt32() + Vector256.Create(Float8Roundness)).AsSingle();
        var rounded = magnitude + roundness - roundness;
        return (rounded.AsInt32() | (value.AsInt32() & Vector256.Create(int.MinValue))).AsSingle();
    }

    /// <inheritdoc cref="RoundToFloat8(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> RoundToFloat8(Vector512<float> value)
    {
        var magnitude = Smaller(Vector512.Create(Float8Largest), (value.AsInt32() & Vector512.Create(SingleMagnitude)).AsSingle());
        var power = Larger(Vector512.Create(Float8SmallestNormal), (magnitude.AsInt32() & Vector512.Create(SingleExponent)).AsSingle());
        var roundness = (power.AsInt32() + Vector512.Create(Float8Roundness)).AsSingle();
        var rounded = magnitude + roundness - roundness;
        return (rounded.AsInt32() | (value.AsInt32() & Vector512.Create(int.MinValue))).AsSingle();
    }

    /// <summary>The nearest integer in every lane, for magnitudes below 2^22.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> RoundToInt(Vector128<float> value) =>
        (value + Vector128.Create(IntegerRoundness)).AsInt32() - Vector128.Create(IntegerRoundness).AsInt32();

    /// <inheritdoc cref="RoundToInt(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> RoundToInt(Vector256<float> value) =>
        (value + Vector256.Create(IntegerRoundness)).AsInt32() - Vector256.Create(IntegerRoundness).AsInt32();

    /// <inheritdoc cref="RoundToInt(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> RoundToInt(Vector512<float> value) =>
        (value + Vector512.Create(IntegerRoundness)).AsInt32() - Vector512.Create(IntegerRoundness).AsInt32();

    /// <summary>The largest magnitude of <paramref name="count"/> numbers; infinity or NaN if any of them is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float LargestMagnitude(float* source, int count)
    {
        // As integers, magnitudes have the same order, with infinity and NaN above all others.
        var largest = Vector256<int>.Zero;
        var i = 0;
        for (; i <= count - Vector256<int>.Count; i += Vector256<int>.Count)
            largest = Vector256.Max(largest, Vector256.Load((int*)source + i) & Vector256.Create(SingleMagnitude));
        var result = 0;
        for (var lane = 0; lane < Vector256<int>.Count; lane++) result = Math.Max(result, largest.GetElement(lane));
        for (; i < count; i++) result = Math.Max(result, ((int*)source)[i] & SingleMagnitude);
        return BitConverter.Int32BitsToSingle(result);
    }

    /// <summary>target = the nearest 8-bit float of source / scale, times scale, in fp32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RoundToFloat8(float* source, float* target, int count, float scale)
    {
        var scales = Vector256.Create(scale);
        var i = 0;
        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count)
            (RoundToFloat8(Vector256.Load(source + i) / scales) * scales).Store(target + i);
        for (; i < count; i++) target[i] = (RoundToFloat8(Vector128.Create(source[i]) / scales.GetLower()) * scales.GetLower()).ToScalar();
    }

    /// <summary>
    /// target = the nearest integer of source / scale, in sixteen bits; the target may start where the source does. Quotients must
    /// fit a signed byte; the result for NaN is undefined.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(float* source, short* target, int count, float scale)
    {
        var scales = Vector256.Create(scale);
        var i = 0;
        for (; i <= count - (2 * Vector256<float>.Count); i += 2 * Vector256<float>.Count)
        {
            var first = RoundToInt(Vector256.Load(source + i) / scales);
            var second = RoundToInt(Vector256.Load(source + i + Vector256<float>.Count) / scales);
            Vector256.Narrow(first, second).Store(target + i);
        }

        for (; i < count; i++) target[i] = (short)RoundToInt(Vector128.Create(source[i]) / scales.GetLower()).ToScalar();
    }
}
