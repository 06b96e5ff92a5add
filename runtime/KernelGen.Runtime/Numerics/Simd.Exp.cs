using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KernelGen.Numerics;

/// <content>The exponential and the functions based on it.</content>
public static unsafe partial class Simd
{
    // eˣ = 2ⁿ · eʳ with n the integer nearest x / ln 2. Adding 1.5 · 2²³ rounds x / ln 2 and leaves n in the low mantissa bits;
    // adding the exponent bias 127 as well makes those bits, shifted by 23, the float 2ⁿ: 0 for n = −127, infinity for n = 128.
    private const float Log2E = 1.44269504f;
    private const float RoundAndBias = 12582912f + 127f;
    private const float ExpLowest = -88f;
    private const float ExpHighest = 89f;

    // ln 2 in two parts, the first so short that n times it is exact: r keeps its last bits, with or without fused multiply-add.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    // eʳ ≈ 1 + r + Exp2 r² + … on |r| ≤ ln 2 / 2: the minimax polynomial of the relative error, 3.1e-9, over single-precision coefficients.
    private const float Exp2 = 0.49999994f;
    private const float Exp3 = 0.166665211f;
    private const float Exp4 = 0.0416682661f;
    private const float Exp5 = 0.00836867653f;
    private const float Exp6 = 0.00138206908f;

    /// <summary>
    /// <c>eˣ</c> in every lane, within 2 ulp. Below −87.7 the result is 0, from 88.4 on it is infinity; NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Exp(Vector128<float> x) => ExpOfRemainder(ExpRemainder(x, out var power)) * power;

    /// <summary>
    /// <c>1 / (1 + e⁻ˣ)</c> in every lane, within 3 ulp. Below −88.4 the result is 0; NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sigmoid(Vector128<float> x) => SigmoidOfRemainder(ExpRemainder(-x, out var power), power);

    /// <summary>
    /// First half of the exponential: splits <c>eˣ</c> into a power of two and <c>eʳ</c> with |r| ≤ ln 2 / 2. For several vectors,
    /// compute this half of each before <see cref="ExpOfRemainder(Vector128{float})"/> of any: the halves are dependency chains that overlap best side by side.
    /// </summary>
    /// <param name="x">Exponents.</param>
    /// <param name="power">Receives the powers of two.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ExpRemainder(Vector128<float> x, out Vector128<float> power)
    {
        x = Smaller(Vector128.Create(ExpHighest), Larger(Vector128.Create(ExpLowest), x));
        var shifted = MultiplyAdd(x, Vector128.Create(Log2E), Vector128.Create(RoundAndBias));
        var n = shifted - Vector128.Create(RoundAndBias);
        power = Vector128.ShiftLeft(shifted.AsInt32(), 23).AsSingle();
        return MultiplyAdd(n, Vector128.Create(-Ln2Low), MultiplyAdd(n, Vector128.Create(-Ln2High), x));
    }

    /// <summary>Second half of the exponential: <c>eʳ</c> for |r| ≤ ln 2 / 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ExpOfRemainder(Vector128<float> r)
    {
        var squared = r * r;
        var low = MultiplyAdd(r, Vector128.Create(Exp3), Vector128.Create(Exp2));
        var high = MultiplyAdd(r, MultiplyAdd(r, Vector128.Create(Exp6), Vector128.Create(Exp5)), Vector128.Create(Exp4));
        return MultiplyAdd(MultiplyAdd(high, squared, low), squared, r + Vector128.Create(1f));
    }

    /// <summary>Second half of the sigmoid: <c>1 / (1 + eʳ · power)</c>, where <see cref="ExpRemainder(Vector128{float}, out Vector128{float})"/> split −x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SigmoidOfRemainder(Vector128<float> r, Vector128<float> power) =>
        Vector128.Create(1f) / MultiplyAdd(ExpOfRemainder(r), power, Vector128.Create(1f));

    /// <inheritdoc cref="Exp(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x) => ExpOfRemainder(ExpRemainder(x, out var power)) * power;

    /// <inheritdoc cref="Sigmoid(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sigmoid(Vector256<float> x) => SigmoidOfRemainder(ExpRemainder(-x, out var power), power);

    /// <inheritdoc cref="ExpRemainder(Vector128{float}, out Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ExpRemainder(Vector256<float> x, out Vector256<float> power)
    {
        x = Smaller(Vector256.Create(ExpHighest), Larger(Vector256.Create(ExpLowest), x));
        var shifted = MultiplyAdd(x, Vector256.Create(Log2E), Vector256.Create(RoundAndBias));
        var n = shifted - Vector256.Create(RoundAndBias);
        power = Vector256.ShiftLeft(shifted.AsInt32(), 23).AsSingle();
        return MultiplyAdd(n, Vector256.Create(-Ln2Low), MultiplyAdd(n, Vector256.Create(-Ln2High), x));
    }

    /// <inheritdoc cref="ExpOfRemainder(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ExpOfRemainder(Vector256<float> r)
    {
        var squared = r * r;
        var low = MultiplyAdd(r, Vector256.Create(Exp3), Vector256.Create(Exp2));
        var high = MultiplyAdd(r, MultiplyAdd(r, Vector256.Create(Exp6), Vector256.Create(Exp5)), Vector256.Create(Exp4));
        return MultiplyAdd(MultiplyAdd(high, squared, low), squared, r + Vector256.Create(1f));
    }

    /// <inheritdoc cref="SigmoidOfRemainder(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SigmoidOfRemainder(Vector256<float> r, Vector256<float> power) =>
        Vector256.Create(1f) / MultiplyAdd(ExpOfRemainder(r), power, Vector256.Create(1f));

    /// <inheritdoc cref="Exp(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x) => ExpOfRemainder(ExpRemainder(x, out var power)) * power;

    /// <inheritdoc cref="Sigmoid(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) => SigmoidOfRemainder(ExpRemainder(-x, out var power), power);

    /// <inheritdoc cref="ExpRemainder(Vector128{float}, out Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ExpRemainder(Vector512<float> x, out Vector512<float> power)
    {
        x = Smaller(Vector512.Create(ExpHighest), Larger(Vector512.Create(ExpLowest), x));
        var shifted = MultiplyAdd(x, Vector512.Create(Log2E), Vector512.Create(RoundAndBias));
        var n = shifted - Vector512.Create(RoundAndBias);
        power = Vector512.ShiftLeft(shifted.AsInt32(), 23).AsSingle();
        return MultiplyAdd(n, Vector512.Create(-Ln2Low), MultiplyAdd(n, Vector512.Create(-Ln2High), x));
    }

    /// <inheritdoc cref="ExpOfRemainder(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ExpOfRemainder(Vector512<float> r)
    {
        var squared = r * r;
        var low = MultiplyAdd(r, Vector512.Create(Exp3), Vector512.Create(Exp2));
        var high = MultiplyAdd(r, MultiplyAdd(r, Vector512.Create(Exp6), Vector512.Create(Exp5)), Vector512.Create(Exp4));
        return MultiplyAdd(MultiplyAdd(high, squared, low), squared, r + Vector512.Create(1f));
    }

    /// <inheritdoc cref="SigmoidOfRemainder(Vector128{float}, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SigmoidOfRemainder(Vector512<float> r, Vector512<float> power) =>
        Vector512.Create(1f) / MultiplyAdd(ExpOfRemainder(r), power, Vector512.Create(1f));
}
