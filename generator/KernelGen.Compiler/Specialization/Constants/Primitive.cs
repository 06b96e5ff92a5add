using System.Numerics;

namespace KernelGen.Compiler.Specialization;

/// <summary>The C# types whose constants are folded.</summary>
internal enum Primitive
{
    None,
    Bool,
    Char,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    NInt,
    NUInt,
    Int64,
    UInt64,
    Single,
    Double,
}

/// <summary>Keywords, sizes and ranges of the <see cref="Primitive"/> types, and C#'s numeric promotions.</summary>
internal static class Primitives
{
    private static readonly string[] Keywords =
    [
        "", "bool", "char", "sbyte", "byte", "short", "ushort", "int", "uint", "nint", "nuint", "long", "ulong", "float", "double",
    ];

    private static readonly int[] Sizes = [0, 1, 2, 1, 1, 2, 2, 4, 4, 0, 0, 8, 8, 4, 8];

    // A constant of a native type must fit 32 bits: that much every platform has.
    private static readonly (BigInteger Least, BigInteger Most)[] Ranges =
    [
        default, default,
        (char.MinValue, char.MaxValue), (sbyte.MinValue, sbyte.MaxValue), (byte.MinValue, byte.MaxValue),
        (short.MinValue, short.MaxValue), (ushort.MinValue, ushort.MaxValue),
        (int.MinValue, int.MaxValue), (uint.MinValue, uint.MaxValue), (int.MinValue, int.MaxValue), (uint.MinValue, uint.MaxValue),
        (long.MinValue, long.MaxValue), (ulong.MinValue, ulong.MaxValue),
    ];

    private static readonly Dictionary<string, Primitive> ByName = Names();

    public static string Keyword(this Primitive type) => Keywords[(int)type];

    /// <summary>Size in bytes; 0 where it depends on the platform.</summary>
    public static int Size(this Primitive type) => Sizes[(int)type];

    public static bool IsIntegral(this Primitive type) => type is >= Primitive.Char and <= Primitive.UInt64;

    public static bool IsNative(this Primitive type) => type is Primitive.NInt or Primitive.NUInt;

    public static bool IsFloating(this Primitive type) => type is Primitive.Single or Primitive.Double;

    public static bool IsNumeric(this Primitive type) => type >= Primitive.Char;

    public static bool IsSigned(this Primitive type) =>
        type is Primitive.SByte or Primitive.Int16 or Primitive.Int32 or Primitive.NInt or Primitive.Int64;

    public static BigInteger Least(this Primitive type) => Ranges[(int)type].Least;

    public static BigInteger Most(this Primitive type) => Ranges[(int)type].Most;

    public static bool Holds(this Primitive type, BigInteger value) => value >= Ranges[(int)type].Least && value <= Ranges[(int)type].Most;

    /// <summary>Two's complement: the value of the type that is congruent to <paramref name="value"/>.</summary>
    public static BigInteger Wrap(this Primitive type, BigInteger value)
    {
        if (type.Holds(value)) return value;
        var (least, most) = Ranges[(int)type];
        var modulus = most - least + 1;
        var offset = (value - least) % modulus;
        return least + (offset.Sign < 0 ? offset + modulus : offset);
    }

    /// <summary>The type that a keyword or a name like <c>System.Single</c> stands for.</summary>
    public static Primitive FromName(string name) => ByName.TryGetValue(name, out var type) ? type : Primitive.None;

    /// <summary>The type in which C# computes with one operand; <see cref="Primitive.None"/> where it does not.</summary>
    public static Primitive PromoteUnary(Primitive type) =>
        type.IsIntegral() && type < Primitive.Int32 ? Primitive.Int32 : type.IsNumeric() ? type : Primitive.None;

    /// <summary>The type in which C# computes with two operands that are no constants; <see cref="Primitive.None"/> where it does not.</summary>
    public static Primitive Promote(Primitive left, Primitive right)
    {
        if (!left.IsNumeric() || !right.IsNumeric()) return Primitive.None;
        left = PromoteUnary(left);
        right = PromoteUnary(right);
        if (left == right) return left;
        var (low, high) = left < right ? (left, right) : (right, left);
        return (low, high) switch
        {
            (_, Primitive.Double or Primitive.Single) => high,
            (Primitive.UInt32 or Primitive.NUInt, Primitive.UInt64) => Primitive.UInt64,
            (_, Primitive.UInt64) => Primitive.None,
            (Primitive.NUInt, Primitive.Int64) => Primitive.None,
            (_, Primitive.Int64) => Primitive.Int64,
            (Primitive.UInt32, Primitive.NUInt) => Primitive.NUInt,
            (_, Primitive.NUInt) => Primitive.None,
            (Primitive.Int32, Primitive.NInt) => Primitive.NInt,
            _ => Primitive.Int64,
        };
    }

    private static Dictionary<string, Primitive> Names()
    {
        var names = new Dictionary<string, Primitive>
        {
            ["System.IntPtr"] = Primitive.NInt,
            ["System.UIntPtr"] = Primitive.NUInt,
            ["System.Boolean"] = Primitive.Bool,
        };
        for (var type = Primitive.Bool; type <= Primitive.Double; type++)
        {
            names[type.Keyword()] = type;
            names["System." + type] = type;
        }

        return names;
    }
}
