using System.Numerics;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Reads enumerations that a template's files declare.</summary>
internal static class TemplateEnums
{
    /// <summary>The enumeration with every member whose number can be computed from literals and earlier members.</summary>
    public static EnumType Read(EnumDeclarationSyntax declaration, IReadOnlyDictionary<string, EnumType> others)
    {
        var underlying = declaration.BaseList is { Types.Count: 1 } bases ? Primitives.FromName(bases.Types[0].Type.ToString()) : Primitive.Int32;
        var type = new EnumType(declaration.Identifier.ValueText, underlying.IsIntegral() ? underlying : Primitive.Int32);
        BigInteger? next = BigInteger.Zero;
        foreach (var member in declaration.Members)
        {
            if (member.EqualsValue is { } equals) next = Evaluate(equals.Value, type, others);
            if (next is not { } value) continue;
            type.Members[member.Identifier.ValueText] = value;
            next = value + 1;
        }

        return type;
    }

    private static BigInteger? Evaluate(ExpressionSyntax expression, EnumType type, IReadOnlyDictionary<string, EnumType> others)
    {
        switch (expression)
        {
            case LiteralExpressionSyntax literal:
                return ConstantValue.FromObject(literal.Token.Value) is IntegralConstant constant ? constant.Value : null;
            case ParenthesizedExpressionSyntax parentheses:
                return Evaluate(parentheses.Expression, type, others);
            case IdentifierNameSyntax name:
                return type.Members.TryGetValue(name.Identifier.ValueText, out var own) ? own : null;
            case MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax owner } access:
                var members = owner.Identifier.ValueText == type.Name ? type.Members
                    : others.TryGetValue(owner.Identifier.ValueText, out var other) ? other.Members : null;
                return members is not null && members.TryGetValue(access.Name.Identifier.ValueText, out var value) ? value : null;
            case PrefixUnaryExpressionSyntax unary when Evaluate(unary.Operand, type, others) is { } operand:
                return (ConstantFolder.Unary(unary.Kind(), new IntegralConstant(type.Underlying, operand), wrap: true).Value as IntegralConstant)?.Value;
            case BinaryExpressionSyntax binary when Evaluate(binary.Left, type, others) is { } left && Evaluate(binary.Right, type, others) is { } right:
                var wide = type.Underlying is Primitive.UInt64 ? Primitive.UInt64 : Primitive.Int64;
                var isShift = binary.Kind() is SyntaxKind.LeftShiftExpression or SyntaxKind.RightShiftExpression;
                var folded = ConstantFolder.Binary(
                    binary.Kind(),
                    new Known(new IntegralConstant(wide, left), false),
                    new Known(new IntegralConstant(isShift ? Primitive.Int32 : wide, right), false),
                    wrap: true);
                return (folded.Value as IntegralConstant)?.Value;
            default:
                return null;
        }
    }
}
