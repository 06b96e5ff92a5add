using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Specialization;

/// <summary>What C# says about binary operators: precedence, result types, and what the operand's written form must keep.</summary>
internal static class Operators
{
    public static Precedence PrecedenceOf(SyntaxKind op) => op switch
    {
        SyntaxKind.CoalesceExpression => Precedence.Coalesce,
        SyntaxKind.LogicalOrExpression => Precedence.OrElse,
        SyntaxKind.LogicalAndExpression => Precedence.AndAlso,
        SyntaxKind.BitwiseOrExpression => Precedence.Or,
        SyntaxKind.ExclusiveOrExpression => Precedence.Xor,
        SyntaxKind.BitwiseAndExpression => Precedence.And,
        SyntaxKind.EqualsExpression or SyntaxKind.NotEqualsExpression => Precedence.Equality,
        SyntaxKind.LeftShiftExpression or SyntaxKind.RightShiftExpression or SyntaxKind.UnsignedRightShiftExpression => Precedence.Shift,
        SyntaxKind.AddExpression or SyntaxKind.SubtractExpression => Precedence.Additive,
        SyntaxKind.MultiplyExpression or SyntaxKind.DivideExpression or SyntaxKind.ModuloExpression => Precedence.Multiplicative,
        _ => Precedence.Relational,
    };

    /// <summary>An operand with the parentheses that it needs, and those of the template that help to read mixed operators.</summary>
    public static string OperandText(Residual operand, Precedence op, Precedence least)
    {
        var text = operand.Text;
        var clarifies = operand.WasParenthesized && operand.Precedence != op && operand.Precedence < Precedence.Switch
            && (op is Precedence.Or or Precedence.Xor or Precedence.And or Precedence.Shift
                || (op == Precedence.OrElse && operand.Precedence == Precedence.AndAlso));
        return clarifies || operand.Precedence < least ? "(" + text + ")" : text;
    }

    /// <summary>The type of a binary expression, where the operands' types tell it.</summary>
    public static TypeRef? ResultType(SyntaxKind op, Residual left, Residual right)
    {
        if (left.Type is not { } x || right.Type is not { } y) return null;
        var precedence = PrecedenceOf(op);
        if (precedence is Precedence.Equality or Precedence.Relational)
            return (x.Primitive != Primitive.None && y.Primitive != Primitive.None) || (x.IsPointer && y.IsPointer) ? TypeRef.Of(Primitive.Bool) : null;
        if (precedence == Precedence.Shift) return x.Primitive == Primitive.None ? null : TypeRef.OfOrNull(Primitives.PromoteUnary(x.Primitive));
        if (precedence == Precedence.Additive && (x.IsPointer || y.IsPointer))
            return x.IsPointer && y.IsPointer ? TypeRef.Of(Primitive.Int64) : x.IsPointer ? x : y;
        if (x.Primitive != Primitive.None && y.Primitive != Primitive.None)
        {
            return x.Primitive == Primitive.Bool && y.Primitive == Primitive.Bool
                ? x
                : TypeRef.OfOrNull(ConstantFolder.Promote(x.Primitive, left.Known, y.Primitive, right.Known));
        }

        return x.Text == y.Text && x.Text.StartsWith("Vector", StringComparison.Ordinal) ? x : null;
    }

    /// <summary>
    /// A literal is converted where a variable is not: <c>r * n</c> with an unrolled <c>int r</c> and a <c>uint n</c> is a
    /// <c>long</c>, <c>3 * n</c> a <c>uint</c>. Writes known variables so that the type stays, and no longer than needed.
    /// </summary>
    public static (Residual Left, Residual Right) KeepTypes(SyntaxKind op, Residual left, Residual right)
    {
        var isShift = PrecedenceOf(op) == Precedence.Shift;
        if (left.Type is { IsPointer: true } && right.Narrow is { } offset) right = offset;
        if (left.Known is not null && right.Known is null && !isShift) left = Keep(left, right);
        else if (right.Known is not null && left.Known is null && !isShift) right = Keep(right, left);
        return (left, right);
    }

    /// <summary>Whether the operation itself, with pure operands, can end in an exception.</summary>
    public static bool CannotFault(SyntaxKind op, Residual right, bool isChecked)
    {
        if (isChecked) return false;
        return op is not (SyntaxKind.DivideExpression or SyntaxKind.ModuloExpression)
            || right.Primitive.IsFloating()
            || right.Constant is IntegralConstant { Value.Sign: > 0 };
    }

    private static Residual Keep(Residual value, Residual other)
    {
        if (value.Known is not { Value: IntegralConstant constant } known) return value;
        if (other.Type is { IsPointer: true })
            return constant.Type.IsNative() ? Plain(constant, known.IsVariable) : value;
        if (constant.Type.IsNative() && other.Primitive == constant.Type) return Plain(constant, known.IsVariable);
        if (!known.IsVariable || other.Primitive == Primitive.None) return value;
        var asVariable = Primitives.Promote(constant.Type, other.Primitive);
        var asLiteral = ConstantFolder.Promote(constant.Type, known with { IsVariable = false }, other.Primitive, null);
        if (asVariable == asLiteral || !asVariable.IsIntegral()) return value;
        return Residual.Of(new IntegralConstant(asVariable, constant.Value), isVariable: true);
    }

    /// <summary>Keeps the constant's type for what is computed with it, but writes the number alone.</summary>
    private static Residual Plain(IntegralConstant constant, bool isVariable) =>
        constant.Value.Sign < 0 ? Residual.Of(constant, isVariable) : Residual.Of(constant, isVariable, ConstantPrinter.Plain(constant));
}
