using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Finds the simple names that code may change after their declaration.</summary>
internal static class MutatedNames
{
    public static HashSet<string> In(SyntaxNode body)
    {
        var names = new HashSet<string>();
        foreach (var node in body.DescendantNodes())
        {
            switch (node)
            {
                case AssignmentExpressionSyntax assignment:
                    Add(assignment.Left, names);
                    break;
                case PostfixUnaryExpressionSyntax postfix when postfix.Kind() != SyntaxKind.SuppressNullableWarningExpression:
                    Add(postfix.Operand, names);
                    break;
                case PrefixUnaryExpressionSyntax prefix
                    when prefix.Kind() is SyntaxKind.PreIncrementExpression or SyntaxKind.PreDecrementExpression or SyntaxKind.AddressOfExpression:
                    Add(prefix.Operand, names);
                    break;
                case ArgumentSyntax { RefKindKeyword.RawKind: not 0 } argument:
                    Add(argument.Expression, names);
                    break;
                case RefExpressionSyntax reference:
                    Add(reference.Expression, names);
                    break;
            }
        }

        return names;
    }

    private static void Add(ExpressionSyntax target, HashSet<string> names)
    {
        switch (target)
        {
            case IdentifierNameSyntax name:
                names.Add(name.Identifier.ValueText);
                break;
            case ParenthesizedExpressionSyntax parentheses:
                Add(parentheses.Expression, names);
                break;
            case TupleExpressionSyntax tuple:
                foreach (var argument in tuple.Arguments) Add(argument.Expression, names);
                break;
            case MemberAccessExpressionSyntax access:
                Add(access.Expression, names);
                break;
        }
    }
}
