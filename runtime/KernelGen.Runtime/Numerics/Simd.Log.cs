using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KernelGen.Numerics;

/// <content>The logarithm for softplus, and the square root of softplus.</content>
public static partial class Simd
{
    // With s = y / (2 + y): ln(1 + y) = 2 artanh s = y − s · (y − R), R = 2 (artanh s / s − 1) = s² · (Log0 + Log1 s² + …) for s ≤ 1/3.
    // The polynomial is minimax in the absolute error of R, 2e-10. As y itself is exact, only the smaller second term is rounded.
    private const float Log0 = 0.666666746f;
    private const float Log1 = 0.39998877f;
    private const float Log2 = 0.286168844f;
    private const float Log3 = 0.214276582f;
    private const float Log4 = 0.243009344f;

    // Below this, softplus(x) equals eˣ to the last bit.
    private const float SoftplusIsExp = -17f;

    /// <summary><c>ln(1 + y)</c> in every lane for y from 0 to 1, within 2 ulp; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Log1p(Vector128<float> y)
    {
        var s = y / (y + Vector128.Create(2f));
        var z = s * s;
        var high = MultiplyAdd(z, MultiplyAdd(z, Vector128.Create(Log4), Vector128.Create(Log3)), Vector128.Create(Log2));
        var polynomial = MultiplyAdd(z, MultiplyAdd(z, high, Vector128.Create(Log1)), Vector128.Create(Log0));
        return y - (s * (y - (z * polynomial)));
    }

    /// <summary>
    /// <c>√ln(1 + eˣ)</c> in every lane, from <c>max(x, 0) + ln(1 + e^−|x|)</c>, within 4 ulp. Below −175 the result is 0; +∞ stays +∞, NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SqrtSoftplus(Vector128<float> x)
    {
        // The exponential of half the number keeps √softplus accurate far below the point where eˣ is 0.
        var root = Exp(Vector128.Abs(x) * Vector128.Create(-0.5f));
        var softplus = Larger(x, Vector128<float>.Zero) + Log1p(root * root);
        return Vector128.ConditionalSelect(Vector128.LessThan(x, Vector128.Create(SoftplusIsExp)), root, Vector128.Sqrt(softplus));
    }

    /// <inheritdoc cref="Log1p(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Log1p(Vector256<float> y)
    {
        var s = y / (y + Vector256.Create(2f));
        var z = s * s;
        var high = MultiplyAdd(z, MultiplyAdd(z, Vector256.Create(Log4), Vector256.Create(Log3)), Vector256.Create(Log2));
        var polynomial = MultiplyAdd(z, MultiplyAdd(z, high, Vector256.Create(Log1)), Vector256.Create(Log0));
        return y - (s * (y - (z * polynomial)));
    }

    /// <inheritdoc cref="SqrtSoftplus(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SqrtSoftplus(Vector256<float> x)
    {
        // The exponential of half the number keeps √softplus accurate far below the point where eˣ is 0.
        var root = Exp(Vector256.Abs(x) * Vector256.Create(-0.5f));
        var softplus = Larger(x, Vector256<float>.Zero) + Log1p(root * root);
        return Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(SoftplusIsExp)), root, Vector256.Sqrt(softplus));
    }

    /// <inheritdoc cref="Log1p(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log1p(Vector512<float> y)
    {
        var s = y / (y + Vector512.Create(2f));
        var z = s * s;
        var high = MultiplyAdd(z, MultiplyAdd(z, Vector512.Create(Log4), Vector512.Create(Log3)), Vector512.Create(Log2));
        var polynomial = MultiplyAdd(z, MultiplyAdd(z, high, Vector512.Create(Log1)), Vector512.Create(Log0));
        return y - (s * (y - (z * polynomial)));
    }

    /// <inheritdoc cref="SqrtSoftplus(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SqrtSoftplus(Vector512<float> x)
    {
        // The exponential of half the number keeps √softplus accurate far below the point where eˣ is 0.
        var root = Exp(Vector512.Abs(x) * Vector512.Create(-0.5f));
        var softplus = Larger(x, Vector512<float>.Zero) + Log1p(root * root);
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(SoftplusIsExp)), root, Vector512.Sqrt(softplus));
    }
}
