using System.Globalization;
using System.Runtime.CompilerServices;

namespace KernelGen;

/// <summary>
/// 8-bit float of quantised models: sign, four exponent bits (bias 7) and three mantissa bits, no infinity, largest
/// number 448, NaN if all bits but the sign are set.
/// </summary>
/// <remarks>
/// Conversion to <see cref="float"/> is exact. Conversion from it rounds to nearest, ties to even, saturates at ±448,
/// infinities included; NaN stays NaN.
/// </remarks>
public readonly struct Float8E4M3 : IEquatable<Float8E4M3>
{
    private const int DroppedBits = 20; // mantissa bits of a float that do not fit
    private const uint SmallestNormal = (127 - 6) << 23; // 2^-6 as a float
    private const uint Rebias = (127 - 7) << 3;
    private const uint LargestBits = 0x7E;
    private const byte NaNBits = 0x7F;

    /// <summary>Creates a number from its bits.</summary>
    public Float8E4M3(byte bits) => Bits = bits;

    /// <summary>The largest number, 448.</summary>
    public static Float8E4M3 MaxValue => new((byte)LargestBits);

    /// <summary>The eight bits.</summary>
    public byte Bits { get; }

    /// <summary>Widens exactly.</summary>
    public static implicit operator float(Float8E4M3 value)
    {
        var magnitude = value.Bits & NaNBits;
        if (magnitude == NaNBits) return float.NaN;
        var number = magnitude < 8
            ? magnitude * (1f / 512) // subnormal: steps of 2^-9
            : BitConverter.UInt32BitsToSingle((uint)(magnitude + (int)Rebias) << DroppedBits);
        return value.Bits > NaNBits ? -number : number;
    }

    /// <summary>Rounds to nearest, ties to even; saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static explicit operator Float8E4M3(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        var sign = (bits >> 24) & 0x80;
        var magnitude = bits & 0x7FFF_FFFF;
        if (float.IsNaN(value)) return new Float8E4M3((byte)(sign | NaNBits));

        // A float near 2^14 has a spacing of 2^-9, that of the subnormals: the sum is rounded correctly.
        if (magnitude < SmallestNormal)
            return new Float8E4M3((byte)(sign | (BitConverter.SingleToUInt32Bits(MathF.Abs(value) + 16384f) & 0xF)));

        var rounded = magnitude + ((1u << (DroppedBits - 1)) - 1) + ((magnitude >> DroppedBits) & 1);
        return new Float8E4M3((byte)(sign | Math.Min((rounded >> DroppedBits) - Rebias, LargestBits)));
    }

    /// <inheritdoc/>
    public bool Equals(Float8E4M3 other) => ((float)this).Equals(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Float8E4M3 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ((float)this).GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => ((float)this).ToString(CultureInfo.InvariantCulture);
}
