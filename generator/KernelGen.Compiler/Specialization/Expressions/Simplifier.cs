using System.Globalization;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Specialization;

/// <summary>
/// Rewritings that cannot change a bit: neutral and absorbing integers, and sums of constants. Only integers and pointers;
/// with floats −0 and NaN forbid every one of them.
/// </summary>
internal static class Simplifier
{
    /// <summary>A simpler expression of the same type and value; null when there is none.</summary>
    public static Residual? TrySimplify(SyntaxKind op, Residual left, Residual right, TypeRef? type, bool isChecked)
    {
        if (type is null || !(type.IsPointer || type.IsIntegral)) return null;
        var x = left.Constant as IntegralConstant;
        var y = right.Constant as IntegralConstant;
        switch (op)
        {
            case SyntaxKind.AddExpression when x is { Value.IsZero: true }:
                return As(type, right);
            case SyntaxKind.AddExpression or SyntaxKind.SubtractExpression when y is { Value.IsZero: true }:
                return As(type, left);
            case SyntaxKind.AddExpression or SyntaxKind.SubtractExpression when !isChecked:
                return Sum(op, left, right, type);
            case SyntaxKind.MultiplyExpression when (x is { Value.IsZero: true } && right.IsPure) || (y is { Value.IsZero: true } && left.IsPure):
                return Residual.Of(new IntegralConstant(type.Primitive, 0), isVariable: true);
            case SyntaxKind.MultiplyExpression when x is { Value.IsOne: true }:
                return As(type, right);
            case SyntaxKind.MultiplyExpression or SyntaxKind.DivideExpression when y is { Value.IsOne: true }:
                return As(type, left);
            case SyntaxKind.LeftShiftExpression or SyntaxKind.RightShiftExpression when y is { Value.IsZero: true }:
                return As(type, left);
            default:
                return null;
        }
    }

    /// <summary>The operand in the type of the whole expression: <c>byte + 0</c> is an <c>int</c>.</summary>
    private static Residual? As(TypeRef type, Residual operand)
    {
        if (operand.Type?.Text == type.Text) return operand;
        if (operand.Known is not null || !type.IsIntegral || operand.Type is not { IsIntegral: true }) return null;
        return Residual.Widened(operand, type);
    }

    /// <summary>Marks <c>x + c</c> and <c>x − c</c>, written as <paramref name="text"/>, as a sum that further constants can join.</summary>
    public static Residual AsSum(SyntaxKind op, Residual left, Residual right, TypeRef? type, Residual text) =>
        SumOf(op, left, right, type) is { Start: { Sum: null } start, Offset: var offset } ? Residual.OfSum(text.Text, type, start, offset) : text;

    /// <summary><c>(x + 1) + 2</c> is <c>x + 3</c>, <c>x + −1</c> is <c>x − 1</c>: the same modulo 2ⁿ, in the type of x.</summary>
    private static Residual? Sum(SyntaxKind op, Residual left, Residual right, TypeRef type)
    {
        if (SumOf(op, left, right, type) is not var (start, offset)) return null;
        if (start.Sum is { } inner)
        {
            offset += inner.Offset;
            start = inner.Base;
            if (offset == 0) return start;
        }
        else if (right.Constant is not IntegralConstant { Value.Sign: < 0 })
        {
            return null;
        }

        if (offset > int.MaxValue || offset < -int.MaxValue) return null;
        var text = start.At(Precedence.Additive) + (offset < 0 ? " - " : " + ") + Math.Abs(offset).ToString(CultureInfo.InvariantCulture);
        return Residual.OfSum(text, type, start, offset);
    }

    private static (Residual Start, long Offset)? SumOf(SyntaxKind op, Residual left, Residual right, TypeRef? type)
    {
        if (op is not (SyntaxKind.AddExpression or SyntaxKind.SubtractExpression) || type is null || !(type.IsPointer || type.IsIntegral)) return null;
        var (start, constant) = left.Constant is not null && op == SyntaxKind.AddExpression ? (right, left.Constant) : (left, right.Constant);
        if (constant is not IntegralConstant number || start.Known is not null || start.Type?.Text != type.Text || !Primitive.Int32.Holds(number.Value)) return null;
        return (start, op == SyntaxKind.AddExpression ? (long)number.Value : -(long)number.Value);
    }
}
