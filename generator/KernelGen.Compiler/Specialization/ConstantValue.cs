using System.Numerics;

namespace KernelGen.Compiler.Specialization;

/// <summary>A value known at specialisation: what a spec gives to a template and what folding computes with.</summary>
public abstract record ConstantValue
{
    private protected ConstantValue()
    {
    }

    /// <summary>The constant's type among the primitive ones; that of its numbers for an enumeration.</summary>
    internal abstract Primitive Primitive { get; }

    /// <summary>A C# <c>int</c>.</summary>
    public static ConstantValue From(int value) => new IntegralConstant(Primitive.Int32, value);

    /// <summary>A C# <c>long</c>.</summary>
    public static ConstantValue From(long value) => new IntegralConstant(Primitive.Int64, value);

    /// <summary>A C# <c>float</c>.</summary>
    public static ConstantValue From(float value) => FloatingConstant.Single(value);

    /// <summary>A C# <c>double</c>.</summary>
    public static ConstantValue From(double value) => FloatingConstant.Double(value);

    /// <summary>A C# <c>bool</c>.</summary>
    public static ConstantValue From(bool value) => value ? BoolConstant.True : BoolConstant.False;

    /// <summary>An enumeration member: written as <c>Type.Member</c>, folded by its number.</summary>
    public static ConstantValue From(Enum value)
    {
        var type = EnumType.Of(value.GetType());
        return new EnumConstant(type, EnumType.Number(value));
    }

    /// <summary>The constant of an object that a literal token or a reflected field holds; null for other types.</summary>
    internal static ConstantValue? FromObject(object? value) => value switch
    {
        int v => From(v),
        uint v => new IntegralConstant(Primitive.UInt32, v),
        long v => From(v),
        ulong v => new IntegralConstant(Primitive.UInt64, v),
        char v => new IntegralConstant(Primitive.Char, v),
        float v => From(v),
        double v => From(v),
        bool v => From(v),
        _ => null,
    };
}

/// <summary>A number of one of the integral types, <c>char</c> included.</summary>
internal sealed record IntegralConstant(Primitive Type, BigInteger Value) : ConstantValue
{
    internal override Primitive Primitive => Type;
}

/// <summary>A <c>float</c> or <c>double</c>, compared by bits: −0 is not 0, a NaN is itself.</summary>
internal sealed record FloatingConstant : ConstantValue
{
    private readonly Primitive _type;
    private readonly long _bits;

    private FloatingConstant(Primitive type, double value)
    {
        _type = type;
        _bits = BitConverter.DoubleToInt64Bits(value);
    }

    public double Value => BitConverter.Int64BitsToDouble(_bits);

    internal override Primitive Primitive => _type;

    public static FloatingConstant Single(float value) => new(Primitive.Single, value);

    public static FloatingConstant Double(double value) => new(Primitive.Double, value);

    /// <summary>Rounds to the type. A double result of two floats' sum, product or quotient rounds to the same float as the exact one.</summary>
    public static FloatingConstant Of(Primitive type, double value) => type == Primitive.Single ? Single((float)value) : Double(value);
}

/// <summary>A <c>bool</c>.</summary>
internal sealed record BoolConstant(bool Value) : ConstantValue
{
    public static readonly BoolConstant True = new(true);
    public static readonly BoolConstant False = new(false);

    internal override Primitive Primitive => Primitive.Bool;
}

/// <summary>A value of an enumeration.</summary>
internal sealed record EnumConstant(EnumType Type, BigInteger Value) : ConstantValue
{
    internal override Primitive Primitive => Type.Underlying;
}
