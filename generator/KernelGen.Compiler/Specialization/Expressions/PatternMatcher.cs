using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Matches patterns against known values.</summary>
internal sealed class PatternMatcher(Body body)
{
    /// <summary>Whether the pattern matches; null when that is not known. Variables of the pattern are bound to the value.</summary>
    public bool? Matches(PatternSyntax pattern, Residual value)
    {
        switch (pattern)
        {
            case DiscardPatternSyntax:
                return true;
            case VarPatternSyntax { Designation: SingleVariableDesignationSyntax or DiscardDesignationSyntax } named:
                Bind(named.Designation, value);
                return true;
            case ParenthesizedPatternSyntax parentheses:
                return Matches(parentheses.Pattern, value);
            case ConstantPatternSyntax constant:
                return IsEqual(value, constant.Expression);
            case RelationalPatternSyntax relational:
                return Compare(OperatorOf(relational.OperatorToken.Kind()), value, relational.Expression);
            case UnaryPatternSyntax not:
                return !Matches(not.Pattern, value);
            case BinaryPatternSyntax binary:
                var left = Matches(binary.Left, value);
                var right = Matches(binary.Right, value);
                return binary.IsKind(SyntaxKind.OrPattern)
                    ? left == true || right == true ? true : left == false && right == false ? false : null
                    : left == false || right == false ? false : left == true && right == true ? true : null;
            case DeclarationPatternSyntax declaration:
                if (!TypeRef.SameType(body.Expressions.TypeText(declaration.Type), value.Type!.Text)) return null;
                Bind(declaration.Designation, value);
                return true;
            default:
                return null;
        }
    }

    /// <summary>Whether the value is that of a <c>case</c>; null when that is not known.</summary>
    public bool? IsEqual(Residual value, ExpressionSyntax constant) => Compare(SyntaxKind.EqualsExpression, value, constant);

    private void Bind(VariableDesignationSyntax designation, Residual value)
    {
        if (designation is SingleVariableDesignationSyntax single) body.Bindings.Set(single.Identifier.ValueText, Binding.Of(value.AsVariable()));
    }

    private bool? Compare(SyntaxKind op, Residual value, ExpressionSyntax expression)
    {
        var constant = body.Expressions.Of(expression);
        if (constant.Known is not { } known || value.Known is not { } input) return null;
        // A constant pattern is converted to the input's type, whatever its own.
        return (ConstantFolder.Binary(op, input with { IsVariable = false }, known, wrap: false).Value as BoolConstant)?.Value;
    }

    private static SyntaxKind OperatorOf(SyntaxKind token) => token switch
    {
        SyntaxKind.LessThanToken => SyntaxKind.LessThanExpression,
        SyntaxKind.LessThanEqualsToken => SyntaxKind.LessThanOrEqualExpression,
        SyntaxKind.GreaterThanToken => SyntaxKind.GreaterThanExpression,
        _ => SyntaxKind.GreaterThanOrEqualExpression,
    };
}
