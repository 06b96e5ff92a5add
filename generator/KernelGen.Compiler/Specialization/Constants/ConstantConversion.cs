using System.Numerics;

namespace KernelGen.Compiler.Specialization;

/// <summary>Conversions of constants, as C# does them.</summary>
internal static class ConstantConversion
{
    /// <summary>An explicit conversion (cast). Null when C# has none or the value depends on the platform; <paramref name="error"/> says when the value does not fit.</summary>
    public static ConstantValue? Cast(ConstantValue constant, Primitive target, bool wrap, out string? error)
    {
        error = null;
        if (target == Primitive.Bool) return constant as BoolConstant;
        switch (constant)
        {
            case IntegralConstant c:
                return FromInteger(c.Value, target, wrap, out error);
            case EnumConstant c:
                return FromInteger(c.Value, target, wrap, out error);
            case FloatingConstant c when target.IsFloating():
                return FloatingConstant.Of(target, c.Value);
            case FloatingConstant c when target.IsIntegral():
                if (!double.IsNaN(c.Value) && !double.IsInfinity(c.Value) && target.Holds(new BigInteger(Math.Truncate(c.Value))))
                    return new IntegralConstant(target, new BigInteger(Math.Truncate(c.Value)));
                if (!target.IsNative()) error = $"{ConstantPrinter.Print(c).Text} does not fit {target.Keyword()}";
                return null;
            default:
                return null;
        }
    }

    /// <summary>A cast to an enumeration.</summary>
    public static ConstantValue? Cast(ConstantValue constant, EnumType target, bool wrap, out string? error) =>
        Cast(constant, target.Underlying, wrap, out error) is IntegralConstant number ? new EnumConstant(target, number.Value) : null;

    /// <summary>
    /// The implicit conversion of a value to a declared type: numeric widening, and for a true C# constant also narrowing of
    /// an <c>int</c> that fits. Null when C# has none.
    /// </summary>
    public static ConstantValue? Implicit(ConstantValue constant, Primitive target, bool isVariable)
    {
        if (constant is EnumConstant) return null;
        if (constant.Primitive == target) return constant;
        if (target == Primitive.Bool || constant is BoolConstant) return null;
        if (constant is FloatingConstant) return target == Primitive.Double ? Cast(constant, target, false, out _) : null;
        var source = constant.Primitive;
        var value = ((IntegralConstant)constant).Value;
        if (target.IsFloating() || Widens(source, target)) return Cast(constant, target, false, out _);
        var narrows = !isVariable && target != Primitive.Char && target.Holds(value)
            && (source == Primitive.Int32 || (source == Primitive.Int64 && target == Primitive.UInt64));
        return narrows ? new IntegralConstant(target, value) : null;
    }

    private static bool Widens(Primitive source, Primitive target) => target != Primitive.Char && source switch
    {
        Primitive.Char => target >= Primitive.UInt16,
        Primitive.SByte => target.IsSigned(),
        Primitive.Byte => target >= Primitive.Int16,
        Primitive.Int16 => target.IsSigned() && target >= Primitive.Int32,
        Primitive.UInt16 => target >= Primitive.Int32,
        Primitive.Int32 => target is Primitive.NInt or Primitive.Int64,
        Primitive.UInt32 => target is Primitive.NUInt or Primitive.Int64 or Primitive.UInt64,
        Primitive.NInt => target == Primitive.Int64,
        Primitive.NUInt => target == Primitive.UInt64,
        _ => false,
    };

    private static ConstantValue? FromInteger(BigInteger value, Primitive target, bool wrap, out string? error)
    {
        error = null;
        switch (target)
        {
            case Primitive.Single:
                return FloatingConstant.Single(value.Sign < 0 ? (float)(long)value : (float)(ulong)value);
            case Primitive.Double:
                return FloatingConstant.Double(value.Sign < 0 ? (double)(long)value : (double)(ulong)value);
        }

        if (!target.IsIntegral()) return null;
        if (target.Holds(value)) return new IntegralConstant(target, value);
        if (target.IsNative()) return null;
        if (wrap) return new IntegralConstant(target, target.Wrap(value));
        error = $"{value} does not fit {target.Keyword()}";
        return null;
    }
}
