using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;

namespace KernelGen.Ilgpu;

/// <summary>Weights of every type, which kernels handle as bits.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class StoredNumbers
{
    /// <summary>The bits of an element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bits(uint element) => element;

    /// <inheritdoc cref="Bits(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bits(ushort element) => element;

    /// <inheritdoc cref="Bits(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bits(byte element) => element;

    /// <summary>For unspecialised kernel templates; specialised code calls one of the other overloads.</summary>
    public static uint Bits<T>(T element)
        where T : unmanaged => throw new NotSupportedException($"{typeof(T)} is not a weight type");

    /// <summary>The value of an fp16 number, from its 16 bits. OpenCL devices do not need fp16 support for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float OfHalf(uint bits)
    {
        var magnitude = (int)(bits & 0x7FFF);
        var number = Interop.IntAsFloat((uint)(magnitude + 0x1C000) << 13); // 0x1C000: the difference of the exponent biases, 112, above ten mantissa bits
        if (magnitude < 0x400) number = magnitude * (1f / 16777216); // subnormal: steps of 2⁻²⁴
        if (magnitude >= 0x7C00) number = Interop.IntAsFloat((uint)(magnitude + 0x38000) << 13); // infinity and NaN
        return (bits & 0x8000) != 0 ? -number : number;
    }

    /// <summary>The value of a <see cref="Float8E4M3"/>, from its 8 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float OfFloat8(uint bits)
    {
        var magnitude = (int)(bits & 0x7F);
        var number = Interop.IntAsFloat((uint)(magnitude + 960) << 20); // 960: the difference of the exponent biases, 120, above three mantissa bits
        if (magnitude < 8) number = magnitude * (1f / 512); // subnormal: steps of 2⁻⁹
        if (magnitude == 0x7F) number = float.NaN;
        return (bits & 0x80) != 0 ? -number : number;
    }

    /// <summary>The nearest 8-bit float, ties to even, saturating at ±448; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float RoundToFloat8(float value)
    {
        if (!(value >= float.NegativeInfinity)) return value;
        var sign = Interop.FloatAsInt(value) & 0x8000_0000u;
        var magnitude = Interop.IntAsFloat(Interop.FloatAsInt(value) & 0x7FFF_FFFFu);
        if (magnitude > 448f) magnitude = 448f;
        var bits = Interop.FloatAsInt(magnitude);
        if (magnitude < 1f / 64)
        {
            // Near 2¹⁴, fp32 numbers have a spacing of 2⁻⁹, that of the subnormals.
            bits = Interop.FloatAsInt((Interop.FloatAsInt(magnitude + 16384f) & 0xFu) * (1f / 512));
        }
        else
        {
            bits = (bits + 0x7FFFFu + ((bits >> 20) & 1u)) & 0xFFF0_0000u;
        }

        return Interop.IntAsFloat(bits | sign);
    }

    /// <summary>The bits of <see cref="RoundToFloat8"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte ToFloat8(float value)
    {
        var rounded = Interop.FloatAsInt(RoundToFloat8(value));
        var magnitude = rounded & 0x7FFF_FFFFu;
        var bits = (int)(magnitude >> 20) - 960;
        if (magnitude < 0x3C80_0000u) bits = (int)(Interop.IntAsFloat(magnitude) * 512f); // below 2⁻⁶: a subnormal
        if (magnitude > 0x7F80_0000u) bits = 0x7F;
        return (byte)((uint)bits | ((rounded >> 24) & 0x80u));
    }

    /// <summary>The nearest integer, ties to even; for magnitudes below 2²².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RoundToInt(float value) => (int)Interop.FloatAsInt(value + 12582912f) - 0x4B40_0000; // near 1.5 · 2²³, fp32 numbers are integers
}
