using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// fp32 functions for kernels on every device. ILGPU itself provides them only with additional libraries. Their
/// absolute errors are below 1e-7 of the largest result that matters to a gate or an activation.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static partial class DeviceMath
{
    private const uint SignBit = 0x8000_0000;
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693145752f;
    private const float Ln2Low = 1.42860677e-6f;

    /// <summary>The larger of two numbers; <paramref name="number"/> where <paramref name="other"/> is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Larger(float number, float other)
    {
        if (CudaAsm.IsSupported) return IntrinsicMath.Max(number, other);
        return other > number ? other : number;
    }

    /// <summary>The smaller of two numbers; neither may be NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Smaller(float first, float second)
    {
        if (CudaAsm.IsSupported) return IntrinsicMath.Min(first, second);
        return second < first ? second : first;
    }

    /// <summary>Maps a value to an integer that increases with it, is the same for −0 and 0, and is 0 only for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Order(float value)
    {
        var bits = value == 0f ? 0u : Interop.FloatAsInt(value);
        var order = bits ^ ((uint)((int)bits >> 31) | SignBit);
        return value >= float.NegativeInfinity ? order : 0;
    }

    /// <summary>The inverse of <see cref="Order"/>; <paramref name="order"/> must not be 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Ordered(uint order) => Interop.IntAsFloat(order ^ ((uint)((int)~order >> 31) | SignBit));

    /// <summary>eˣ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit("ex2.approx.ftz.f32 %0, %1;", out float result, x * Log2E);
            return result;
        }

        return PortableExp(x);
    }

    /// <summary>1 / x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Reciprocal(float x)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit("rcp.approx.ftz.f32 %0, %1;", out float result, x);
            return result;
        }

        return 1f / x;
    }

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sigmoid(float x) => Reciprocal(1f + Exp(-x));

    /// <summary>Maximum error of <see cref="RoughSigmoid"/>: half of what CUDA states for its fast hyperbolic tangent.</summary>
    public const float RoughSigmoidError = 1f / 4096;

    /// <summary>1 / (1 + e⁻ˣ) − ½ + <paramref name="addend"/>, approximately, in three instructions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float RoughSigmoid(float x, float addend)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit("{ .reg .f32 t; mul.f32 t, %1, 0f3F000000; tanh.approx.f32 t, t; fma.rn.f32 %0, t, 0f3F000000, %2; }", out float result, x, addend);
            return result;
        }

        return Sigmoid(x) - 0.5f + addend;
    }

    /// <summary>√ln(1 + eˣ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SqrtSoftplus(float x)
    {
        // Below 0, the result is h times a root near 1: eˣ itself underflows long before its root does.
        var h = Exp(x < 0f ? x * 0.5f : x * -0.5f);
        var y = h * h;
        var ratio = Log1PRatio(y);
        return x > 0f ? MathF.Sqrt(x + (y * ratio)) : h * MathF.Sqrt(ratio);
    }

    // ln(1 + y) / y for y in [0, 1], from ln(1 + y) = 2 artanh(z) with z = y / (2 + y): the series in z² ≤ 1/9, to the last significant bit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Log1PRatio(float y)
    {
        var half = Reciprocal(2f + y);
        var z = y * half;
        var s = z * z;
        var series = (1f / 11) + (s * (1f / 13));
        series = (1f / 9) + (s * series);
        series = (1f / 7) + (s * series);
        series = (1f / 5) + (s * series);
        series = (1f / 3) + (s * series);
        return 2f * half * (1f + (s * series));
    }

    // eˣ = 2ⁿ · eʳ with |r| ≤ ln 2 / 2. ln 2 is subtracted in two parts so that no bits are lost.
    private static float PortableExp(float x)
    {
        if (!(x >= -87f)) return x < -87f ? 0f : x;
        if (x > 88.7f) return float.PositiveInfinity;
        var n = (int)((x * Log2E) + (x < 0f ? -0.5f : 0.5f));
        var r = x - (n * Ln2High) - (n * Ln2Low);
        var power = (1f / 720) + (r * (1f / 5040));
        power = (1f / 120) + (r * power);
        power = (1f / 24) + (r * power);
        power = (1f / 6) + (r * power);
        power = 0.5f + (r * power);
        power = 1f + (r * (1f + (r * power)));
        var half = n / 2; // in two steps: 2ⁿ itself may exceed the largest exponent
        return power * Interop.IntAsFloat((uint)(half + 127) << 23) * Interop.IntAsFloat((uint)(n - half + 127) << 23);
    }
}
