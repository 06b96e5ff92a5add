using System.Runtime.CompilerServices;
using ILGPU;

namespace KernelGen.Ilgpu;

/// <content>The error function and gelu. The approximations are those of the CPU kernels.</content>
public static partial class DeviceMath
{
    /// <summary>½ x · (1 + erf(x / √2)), within 4e-7 · |x|. NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Gelu(float x)
    {
        var half = x * 0.5f;
        return half + (half * Erf(x * 0.707106781f));
    }

    /// <summary>The error function. NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Erf(float x)
    {
        var magnitude = Interop.IntAsFloat(Interop.FloatAsInt(x) & ~SignBit);
        if (magnitude > 4f) magnitude = 4f; // erf rounds to 1

        // 1 ≤ |x|: 1 − e^(−R), R a polynomial in |x|.
        var r = (magnitude * -1.6140616e-06f) + 4.55906229e-05f;
        r = (magnitude * r) - 0.000592769531f;
        r = (magnitude * r) + 0.00474022236f;
        r = (magnitude * r) - 0.0263647176f;
        r = (magnitude * r) + 0.109978244f;
        r = (magnitude * r) + 0.631937087f;
        r = (magnitude * r) + 1.13016665f;
        r = (magnitude * r) - 0.000303212961f;
        var far = 1f - Exp(-r);

        // |x| < 1: x + x · P(x²).
        var squared = magnitude * magnitude;
        var p = (squared * 7.88249745e-05f) - 0.000801885501f;
        p = (squared * p) + 0.00518931216f;
        p = (squared * p) - 0.0268543288f;
        p = (squared * p) + 0.112835974f;
        p = (squared * p) - 0.37612626f;
        p = (squared * p) + 0.128379166f;
        var near = magnitude + (magnitude * p);

        var result = magnitude < 1f ? near : far;
        return x < 0f ? -result : result;
    }
}
