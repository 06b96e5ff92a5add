using System.Globalization;
using System.Runtime.CompilerServices;

namespace KernelGen;

/// <summary>bfloat16: sign, eight exponent bits and seven mantissa bits, the upper half of a <see cref="float"/>.</summary>
/// <remarks>Conversion to <see cref="float"/> is exact. Conversion from it rounds to nearest, ties to even; NaN stays NaN.</remarks>
public readonly struct BFloat16 : IEquatable<BFloat16>
{
    /// <summary>Creates a number from its bits.</summary>
    public BFloat16(ushort bits) => Bits = bits;

    /// <summary>The sixteen bits.</summary>
    public ushort Bits { get; }

    /// <summary>Widens exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    /// <summary>Rounds to nearest, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static explicit operator BFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return new BFloat16((ushort)((bits >> 16) | 0x40));
        return new BFloat16((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    /// <inheritdoc/>
    public bool Equals(BFloat16 other) => (float)this == (float)other || (float.IsNaN(this) && float.IsNaN(other));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ((float)this).GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => ((float)this).ToString(CultureInfo.InvariantCulture);
}
