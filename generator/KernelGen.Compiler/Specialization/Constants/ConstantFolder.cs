using System.Numerics;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Specialization;

/// <summary>C#'s operators on known values.</summary>
internal static class ConstantFolder
{
    /// <summary>
    /// The type in which C# computes a binary operation of these operands. A true constant that is an <c>int</c> takes the
    /// other operand's unsigned type when it fits.
    /// </summary>
    public static Primitive Promote(Primitive left, Known? leftValue, Primitive right, Known? rightValue)
    {
        if (ConvertsTo(leftValue, right)) return right;
        if (ConvertsTo(rightValue, left)) return left;
        return Primitives.Promote(left, right);
    }

    /// <summary>Folds a binary operation other than the short-circuiting ones.</summary>
    /// <param name="op">The expression's syntax kind.</param>
    /// <param name="left">Left operand.</param>
    /// <param name="right">Right operand.</param>
    /// <param name="wrap">Whether overflow wraps around (unchecked); otherwise it is an error.</param>
    public static Folded Binary(SyntaxKind op, Known left, Known right, bool wrap)
    {
        if (left.Value is BoolConstant a && right.Value is BoolConstant b) return Bool(op, a.Value, b.Value);
        if (left.Value is EnumConstant || right.Value is EnumConstant) return Enums(op, left, right, wrap);
        if (op is SyntaxKind.LeftShiftExpression or SyntaxKind.RightShiftExpression or SyntaxKind.UnsignedRightShiftExpression)
            return Shift(op, left.Value, right.Value);

        var type = Promote(left.Primitive, left, right.Primitive, right);
        if (type == Primitive.None) return Folded.Stays;
        var x = ConstantConversion.Cast(left.Value, type, wrap: true, out _);
        var y = ConstantConversion.Cast(right.Value, type, wrap: true, out _);
        return (x, y) switch
        {
            (FloatingConstant f, FloatingConstant g) => Floating(op, type, f.Value, g.Value),
            (IntegralConstant i, IntegralConstant j) => Integral(op, type, i.Value, j.Value, wrap),
            _ => Folded.Stays,
        };
    }

    /// <summary>Folds <c>+x</c>, <c>−x</c>, <c>~x</c> and <c>!x</c>.</summary>
    public static Folded Unary(SyntaxKind op, ConstantValue operand, bool wrap)
    {
        switch (operand)
        {
            case BoolConstant c:
                return op == SyntaxKind.LogicalNotExpression ? ConstantValue.From(!c.Value) : Folded.Stays;
            case EnumConstant c when op == SyntaxKind.BitwiseNotExpression:
                return new EnumConstant(c.Type, c.Type.Underlying.Wrap(-c.Value - 1));
            case FloatingConstant c when op == SyntaxKind.UnaryMinusExpression:
                return FloatingConstant.Of(c.Primitive, -c.Value);
            case FloatingConstant c when op == SyntaxKind.UnaryPlusExpression:
                return c;
            case IntegralConstant c:
                var type = Primitives.PromoteUnary(c.Type);
                if (op == SyntaxKind.UnaryMinusExpression)
                {
                    if (type == Primitive.UInt32) type = Primitive.Int64;
                    return type is Primitive.UInt64 or Primitive.NUInt ? Folded.Stays : Fit(type, -c.Value, wrap);
                }

                if (op == SyntaxKind.BitwiseNotExpression && type != Primitive.NUInt) return new IntegralConstant(type, type.Wrap(-c.Value - 1));
                return op == SyntaxKind.UnaryPlusExpression ? new IntegralConstant(type, c.Value) : Folded.Stays;
            default:
                return Folded.Stays;
        }
    }

    private static bool ConvertsTo(Known? constant, Primitive target) =>
        constant is { IsVariable: false, Value: IntegralConstant { Type: Primitive.Int32 or Primitive.Int64 } value }
        && target is Primitive.UInt32 or Primitive.UInt64 or Primitive.NUInt
        && ConstantConversion.Implicit(value, target, isVariable: false) is not null;

    private static Folded Bool(SyntaxKind op, bool x, bool y) => op switch
    {
        SyntaxKind.EqualsExpression => ConstantValue.From(x == y),
        SyntaxKind.NotEqualsExpression or SyntaxKind.ExclusiveOrExpression => ConstantValue.From(x != y),
        SyntaxKind.BitwiseAndExpression => ConstantValue.From(x & y),
        SyntaxKind.BitwiseOrExpression => ConstantValue.From(x | y),
        _ => Folded.Stays,
    };

    private static Folded Floating(SyntaxKind op, Primitive type, double x, double y) => op switch
    {
        SyntaxKind.AddExpression => FloatingConstant.Of(type, x + y),
        SyntaxKind.SubtractExpression => FloatingConstant.Of(type, x - y),
        SyntaxKind.MultiplyExpression => FloatingConstant.Of(type, x * y),
        SyntaxKind.DivideExpression => FloatingConstant.Of(type, x / y),
        SyntaxKind.ModuloExpression => FloatingConstant.Of(type, x % y),
        SyntaxKind.EqualsExpression => ConstantValue.From(x == y),
        SyntaxKind.NotEqualsExpression => ConstantValue.From(x != y),
        SyntaxKind.LessThanExpression => ConstantValue.From(x < y),
        SyntaxKind.LessThanOrEqualExpression => ConstantValue.From(x <= y),
        SyntaxKind.GreaterThanExpression => ConstantValue.From(x > y),
        SyntaxKind.GreaterThanOrEqualExpression => ConstantValue.From(x >= y),
        _ => Folded.Stays,
    };

    private static Folded Integral(SyntaxKind op, Primitive type, BigInteger x, BigInteger y, bool wrap)
    {
        switch (op)
        {
            case SyntaxKind.AddExpression:
                return Fit(type, x + y, wrap);
            case SyntaxKind.SubtractExpression:
                return Fit(type, x - y, wrap);
            case SyntaxKind.MultiplyExpression:
                return Fit(type, x * y, wrap);
            case SyntaxKind.DivideExpression or SyntaxKind.ModuloExpression when y.IsZero:
                return new Folded(null, "division by zero");
            case SyntaxKind.DivideExpression:
                // The one quotient that does not fit is an error whatever the context: the processor traps.
                return Fit(type, BigInteger.Divide(x, y), wrap: false);
            case SyntaxKind.ModuloExpression:
                return Fit(type, BigInteger.Remainder(x, y), wrap);
            case SyntaxKind.BitwiseAndExpression:
                return new IntegralConstant(type, x & y);
            case SyntaxKind.BitwiseOrExpression:
                return new IntegralConstant(type, x | y);
            case SyntaxKind.ExclusiveOrExpression:
                return new IntegralConstant(type, x ^ y);
            default:
                return Compare(op, x.CompareTo(y));
        }
    }

    private static Folded Compare(SyntaxKind op, int order) => op switch
    {
        SyntaxKind.EqualsExpression => ConstantValue.From(order == 0),
        SyntaxKind.NotEqualsExpression => ConstantValue.From(order != 0),
        SyntaxKind.LessThanExpression => ConstantValue.From(order < 0),
        SyntaxKind.LessThanOrEqualExpression => ConstantValue.From(order <= 0),
        SyntaxKind.GreaterThanExpression => ConstantValue.From(order > 0),
        SyntaxKind.GreaterThanOrEqualExpression => ConstantValue.From(order >= 0),
        _ => Folded.Stays,
    };

    private static Folded Shift(SyntaxKind op, ConstantValue left, ConstantValue right)
    {
        if (left is not IntegralConstant x || right is not IntegralConstant { Type: not (Primitive.UInt32 or >= Primitive.NInt) } count) return Folded.Stays;
        var type = Primitives.PromoteUnary(x.Type);
        if (type.IsNative()) return Folded.Stays;
        var bits = type.Size() * 8;
        var by = (int)(count.Value & (bits - 1));
        return op switch
        {
            SyntaxKind.LeftShiftExpression => new IntegralConstant(type, type.Wrap(x.Value << by)),
            SyntaxKind.RightShiftExpression => new IntegralConstant(type, x.Value >> by),
            _ => new IntegralConstant(type, type.Wrap((x.Value.Sign < 0 ? x.Value + (BigInteger.One << bits) : x.Value) >> by)),
        };
    }

    private static Folded Enums(SyntaxKind op, Known left, Known right, bool wrap)
    {
        if (left.Value is EnumConstant x && right.Value is EnumConstant y)
        {
            if (x.Type != y.Type) return Folded.Stays;
            return op switch
            {
                SyntaxKind.BitwiseAndExpression => new EnumConstant(x.Type, x.Value & y.Value),
                SyntaxKind.BitwiseOrExpression => new EnumConstant(x.Type, x.Value | y.Value),
                SyntaxKind.ExclusiveOrExpression => new EnumConstant(x.Type, x.Value ^ y.Value),
                SyntaxKind.SubtractExpression => Fit(x.Type.Underlying, x.Value - y.Value, wrap),
                _ => Compare(op, x.Value.CompareTo(y.Value)),
            };
        }

        var type = ((left.Value as EnumConstant) ?? (EnumConstant)right.Value).Type;
        if (left.Value is not (EnumConstant or IntegralConstant) || right.Value is not (EnumConstant or IntegralConstant)) return Folded.Stays;
        var (a, b) = (NumberOf(left.Value), NumberOf(right.Value));
        switch (op)
        {
            case SyntaxKind.AddExpression:
            case SyntaxKind.SubtractExpression when left.Value is EnumConstant:
                var sum = Fit(type.Underlying, op == SyntaxKind.AddExpression ? a + b : a - b, wrap);
                return sum.Value is IntegralConstant number ? new EnumConstant(type, number.Value) : sum;
            default:
                // The literal 0 converts to every enumeration.
                var other = left.Value is EnumConstant ? right : left;
                return !other.IsVariable && NumberOf(other.Value).IsZero ? Compare(op, a.CompareTo(b)) : Folded.Stays;
        }
    }

    private static BigInteger NumberOf(ConstantValue value) => value is EnumConstant e ? e.Value : ((IntegralConstant)value).Value;

    private static Folded Fit(Primitive type, BigInteger value, bool wrap)
    {
        if (type.Holds(value)) return new IntegralConstant(type, value);
        if (type.IsNative()) return Folded.Stays;
        return wrap
            ? new IntegralConstant(type, type.Wrap(value))
            : new Folded(null, $"the result {value} does not fit {type.Keyword()}");
    }
}
