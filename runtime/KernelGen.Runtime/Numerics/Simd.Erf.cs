using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KernelGen.Numerics;

/// <content>The error function and the activations based on it.</content>
public static unsafe partial class Simd
{
    // |x| < 1: erf x ≈ x + x · (Erf0 + Erf1 x² + …), Chebyshev interpolation of erf x / x − 1, within 1e-8.
    private const float Erf0 = 0.128379166f;
    private const float Erf1 = -0.37612626f;
    private const float Erf2 = 0.112835974f;
    private const float Erf3 = -0.0268543288f;
    private const float Erf4 = 0.00518931216f;
    private const float Erf5 = -0.000801885501f;
    private const float Erf6 = 7.88249745e-05f;

    // 1 ≤ |x| < 4: erf x = 1 − e^(−R) with R ≈ Erfc0 + Erfc1 |x| + … , Chebyshev interpolation of −ln(1 − erf x); e^(−R) is within
    // 6e-9. From 3.92 on, erf x rounds to 1.
    private const float ErfOne = 4f;
    private const float Erfc0 = -0.000303212961f;
    private const float Erfc1 = 1.13016665f;
    private const float Erfc2 = 0.631937087f;
    private const float Erfc3 = 0.109978244f;
    private const float Erfc4 = -0.0263647176f;
    private const float Erfc5 = 0.00474022236f;
    private const float Erfc6 = -0.000592769531f;
    private const float Erfc7 = 4.55906229e-05f;
    private const float Erfc8 = -1.6140616e-06f;

    private const float SqrtHalf = 0.707106781f;

    // −2 · √(2 / π), and that times 0.044715.
    private const float GeluTanh1 = -1.59576912f;
    private const float GeluTanh3 = -0.0713548163f;

    /// <summary>The error function <c>erf x</c> in every lane, within 2 ulp. NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Erf(Vector128<float> x)
    {
        var magnitude = Smaller(Vector128.Create(ErfOne), Vector128.Abs(x));
        var r = MultiplyAdd(magnitude, Vector128.Create(Erfc8), Vector128.Create(Erfc7));
        r = MultiplyAdd(magnitude, r, Vector128.Create(Erfc6));
        r = MultiplyAdd(magnitude, r, Vector128.Create(Erfc5));
        r = MultiplyAdd(magnitude, r, Vector128.Create(Erfc4));
        r = MultiplyAdd(magnitude, r, Vector128.Create(Erfc3));
        r = MultiplyAdd(magnitude, r, Vector128.Create(Erfc2));
        r = MultiplyAdd(magnitude, r, Vector128.Create(Erfc1));
        r = MultiplyAdd(magnitude, r, Vector128.Create(Erfc0));
        var far = Vector128.Create(1f) - Exp(-r);

        var squared = magnitude * magnitude;
        var p = MultiplyAdd(squared, Vector128.Create(Erf6), Vector128.Create(Erf5));
        p = MultiplyAdd(squared, p, Vector128.Create(Erf4));
        p = MultiplyAdd(squared, p, Vector128.Create(Erf3));
        p = MultiplyAdd(squared, p, Vector128.Create(Erf2));
        p = MultiplyAdd(squared, p, Vector128.Create(Erf1));
        p = MultiplyAdd(squared, p, Vector128.Create(Erf0));
        var near = MultiplyAdd(magnitude, p, magnitude);

        var sign = x & Vector128.Create(-0f);
        return Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(1f)), near, far) | sign;
    }

    /// <summary><c>½ x · (1 + erf(x / √2))</c> in every lane, within 3e-7 · |x|. NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Gelu(Vector128<float> x)
    {
        var half = x * Vector128.Create(0.5f);
        return MultiplyAdd(half, Erf(x * Vector128.Create(SqrtHalf)), half);
    }

    /// <summary>
    /// <c>½ x · (1 + tanh z)</c> with z = √(2/π) · (x + 0.044715 x³) in every lane, as x · σ(2z), which is equal and free of cancellation;
    /// within 3e-7 · |x|. NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> GeluTanh(Vector128<float> x)
    {
        var exponent = x * MultiplyAdd(x * x, Vector128.Create(GeluTanh3), Vector128.Create(GeluTanh1));
        return x / (Vector128.Create(1f) + Exp(exponent));
    }

    /// <inheritdoc cref="Erf(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Erf(Vector256<float> x)
    {
        var magnitude = Smaller(Vector256.Create(ErfOne), Vector256.Abs(x));
        var r = MultiplyAdd(magnitude, Vector256.Create(Erfc8), Vector256.Create(Erfc7));
        r = MultiplyAdd(magnitude, r, Vector256.Create(Erfc6));
        r = MultiplyAdd(magnitude, r, Vector256.Create(Erfc5));
        r = MultiplyAdd(magnitude, r, Vector256.Create(Erfc4));
        r = MultiplyAdd(magnitude, r, Vector256.Create(Erfc3));
        r = MultiplyAdd(magnitude, r, Vector256.Create(Erfc2));
        r = MultiplyAdd(magnitude, r, Vector256.Create(Erfc1));
        r = MultiplyAdd(magnitude, r, Vector256.Create(Erfc0));
        var far = Vector256.Create(1f) - Exp(-r);

        var squared = magnitude * magnitude;
        var p = MultiplyAdd(squared, Vector256.Create(Erf6), Vector256.Create(Erf5));
        p = MultiplyAdd(squared, p, Vector256.Create(Erf4));
        p = MultiplyAdd(squared, p, Vector256.Create(Erf3));
        p = MultiplyAdd(squared, p, Vector256.Create(Erf2));
        p = MultiplyAdd(squared, p, Vector256.Create(Erf1));
        p = MultiplyAdd(squared, p, Vector256.Create(Erf0));
        var near = MultiplyAdd(magnitude, p, magnitude);

        var sign = x & Vector256.Create(-0f);
        return Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(1f)), near, far) | sign;
    }

    /// <inheritdoc cref="Gelu(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Gelu(Vector256<float> x)
    {
        var half = x * Vector256.Create(0.5f);
        return MultiplyAdd(half, Erf(x * Vector256.Create(SqrtHalf)), half);
    }

    /// <inheritdoc cref="GeluTanh(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> GeluTanh(Vector256<float> x)
    {
        var exponent = x * MultiplyAdd(x * x, Vector256.Create(GeluTanh3), Vector256.Create(GeluTanh1));
        return x / (Vector256.Create(1f) + Exp(exponent));
    }

    /// <inheritdoc cref="Erf(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x)
    {
        var magnitude = Smaller(Vector512.Create(ErfOne), Vector512.Abs(x));
        var r = MultiplyAdd(magnitude, Vector512.Create(Erfc8), Vector512.Create(Erfc7));
        r = MultiplyAdd(magnitude, r, Vector512.Create(Erfc6));
        r = MultiplyAdd(magnitude, r, Vector512.Create(Erfc5));
        r = MultiplyAdd(magnitude, r, Vector512.Create(Erfc4));
        r = MultiplyAdd(magnitude, r, Vector512.Create(Erfc3));
        r = MultiplyAdd(magnitude, r, Vector512.Create(Erfc2));
        r = MultiplyAdd(magnitude, r, Vector512.Create(Erfc1));
        r = MultiplyAdd(magnitude, r, Vector512.Create(Erfc0));
        var far = Vector512.Create(1f) - Exp(-r);

        var squared = magnitude * magnitude;
        var p = MultiplyAdd(squared, Vector512.Create(Erf6), Vector512.Create(Erf5));
        p = MultiplyAdd(squared, p, Vector512.Create(Erf4));
        p = MultiplyAdd(squared, p, Vector512.Create(Erf3));
        p = MultiplyAdd(squared, p, Vector512.Create(Erf2));
        p = MultiplyAdd(squared, p, Vector512.Create(Erf1));
        p = MultiplyAdd(squared, p, Vector512.Create(Erf0));
        var near = MultiplyAdd(magnitude, p, magnitude);

        var sign = x & Vector512.Create(-0f);
        return Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(1f)), near, far) | sign;
    }

    /// <inheritdoc cref="Gelu(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Gelu(Vector512<float> x)
    {
        var half = x * Vector512.Create(0.5f);
        return MultiplyAdd(half, Erf(x * Vector512.Create(SqrtHalf)), half);
    }

    /// <inheritdoc cref="GeluTanh(Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> GeluTanh(Vector512<float> x)
    {
        var exponent = x * MultiplyAdd(x * x, Vector512.Create(GeluTanh3), Vector512.Create(GeluTanh1));
        return x / (Vector512.Create(1f) + Exp(exponent));
    }
}
