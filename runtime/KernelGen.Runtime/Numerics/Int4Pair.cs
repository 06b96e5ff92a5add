namespace KernelGen;

/// <summary>Two consecutive numbers of a row, 0 to 15, in a byte: the one with even index in the low half.</summary>
/// <param name="Bits">The eight bits.</param>
public readonly record struct Int4Pair(byte Bits)
{
    /// <summary>Packs two numbers of 0 to 15.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is larger than 15 or negative.</exception>
    public Int4Pair(int low, int high)
        : this((byte)(Checked(low, nameof(low)) | (Checked(high, nameof(high)) << 4)))
    {
    }

    /// <summary>The number with even index.</summary>
    public int Low => Bits & 0xF;

    /// <summary>The number with odd index.</summary>
    public int High => Bits >> 4;

    private static int Checked(int value, string argument)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, argument);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 15, argument);
        return value;
    }
}
