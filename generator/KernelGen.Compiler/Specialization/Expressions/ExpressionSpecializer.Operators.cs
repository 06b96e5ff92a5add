using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <content>Operators.</content>
internal sealed partial class ExpressionSpecializer
{
    /// <inheritdoc/>
    public override Residual VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        switch (node.Kind())
        {
            case SyntaxKind.LogicalAndExpression or SyntaxKind.LogicalOrExpression:
                return ShortCircuit(node);
            case SyntaxKind.IsExpression or SyntaxKind.AsExpression or SyntaxKind.CoalesceExpression:
                return BinaryText(node, Of(node.Left), Of((ExpressionSyntax)node.Right), node.IsKind(SyntaxKind.IsExpression) ? TypeRef.Of(Primitive.Bool) : null);
        }

        if (SameTypes(node) is { } same) return Residual.Of(ConstantValue.From(same == node.IsKind(SyntaxKind.EqualsExpression)));
        var left = Of(node.Left);
        var right = Of(node.Right);
        if (left.Known is { } x && right.Known is { } y && Fold(node, ConstantFolder.Binary(node.Kind(), x, y, Wraps(x.IsVariable || y.IsVariable)), x.IsVariable || y.IsVariable) is { } folded)
            return folded;
        if (node.Kind() is SyntaxKind.DivideExpression or SyntaxKind.ModuloExpression && right.Constant is IntegralConstant { Value.IsZero: true } && left.Type is { IsIntegral: true })
            body.Report(ProblemIds.Arithmetic, "division by zero", node);

        var type = Operators.ResultType(node.Kind(), left, right);
        (left, right) = Operators.KeepTypes(node.Kind(), left, right);
        if (Simplifier.TrySimplify(node.Kind(), left, right, type, isChecked: body.IsChecked == true) is { } simpler) return simpler;
        var text = BinaryText(node, left, right, type);
        return body.IsChecked == true ? text : Simplifier.AsSum(node.Kind(), left, right, type, text);
    }

    /// <inheritdoc/>
    public override Residual VisitPrefixUnaryExpression(PrefixUnaryExpressionSyntax node)
    {
        var kind = node.Kind();
        if (kind == SyntaxKind.IndexExpression) return DefaultVisit(node);
        if (kind == SyntaxKind.UnaryMinusExpression && LeastNumber(node.Operand) is { } least) return Residual.Of(least, spelling: null);
        var operand = Of(node.Operand);
        if (kind is SyntaxKind.PreIncrementExpression or SyntaxKind.PreDecrementExpression or SyntaxKind.AddressOfExpression) RejectKnown(operand, node);
        else if (operand.Known is { } known && Fold(node, ConstantFolder.Unary(kind, known.Value, Wraps(known.IsVariable)), known.IsVariable) is { } folded) return folded;

        var op = node.OperatorToken.Text;
        var type = kind switch
        {
            SyntaxKind.PointerIndirectionExpression => operand.Type is { IsPointer: true } pointer ? pointer.Element : null,
            SyntaxKind.AddressOfExpression => operand.Type is { } target ? TypeRef.Of(target.Text + "*") : null,
            SyntaxKind.LogicalNotExpression => operand.Type,
            SyntaxKind.UnaryMinusExpression when operand.Primitive is Primitive.UInt32 => TypeRef.Of(Primitive.Int64),
            SyntaxKind.UnaryMinusExpression or SyntaxKind.UnaryPlusExpression or SyntaxKind.BitwiseNotExpression =>
                operand.Primitive == Primitive.None ? operand.Type : TypeRef.OfOrNull(Primitives.PromoteUnary(operand.Primitive)),
            _ => operand.Type,
        };
        var text = operand.At(Precedence.Unary);
        if (text[0] == op[op.Length - 1]) text = "(" + text + ")";
        var isPure = operand.IsPure && kind is SyntaxKind.UnaryMinusExpression or SyntaxKind.UnaryPlusExpression or SyntaxKind.BitwiseNotExpression or SyntaxKind.LogicalNotExpression;
        return Residual.Of(op + text, Precedence.Unary, type, isPure);
    }

    /// <inheritdoc/>
    public override Residual VisitPostfixUnaryExpression(PostfixUnaryExpressionSyntax node)
    {
        var operand = Of(node.Operand);
        if (!node.IsKind(SyntaxKind.SuppressNullableWarningExpression)) RejectKnown(operand, node);
        return Residual.Of(operand.At(Precedence.Primary) + node.OperatorToken.Text, Precedence.Primary, operand.Type);
    }

    /// <inheritdoc/>
    public override Residual VisitCastExpression(CastExpressionSyntax node)
    {
        var type = TypeOf(node.Type);
        var operand = Of(node.Expression);
        if (operand.Known is { } known)
        {
            string? error = null;
            ConstantValue? value = null;
            if (type.Primitive != Primitive.None) value = ConstantConversion.Cast(known.Value, type.Primitive, Wraps(known.IsVariable), out error);
            else if (Session.FindEnum(type.Text) is { } target) value = ConstantConversion.Cast(known.Value, target, Wraps(known.IsVariable), out error);
            if (Fold(node, new Folded(value, error), known.IsVariable) is { } folded) return folded;
        }
        else if (operand.Type?.Text == type.Text && (type.IsIntegral || type.IsPointer))
        {
            return operand;
        }

        var text = operand.At(Precedence.Unary);
        // Behind a name in parentheses a sign would be a binary operator.
        if (text[0] is '-' or '+' or '&' or '*' && (type.Primitive is Primitive.None || type.Primitive.IsNative())) text = "(" + text + ")";
        return Residual.Of("(" + type.Text + ")" + text, Precedence.Unary, type, operand.IsPure && (type.IsPointer || type.Primitive.IsNumeric()) && (operand.Type is { IsPointer: true } || operand.Primitive.IsNumeric()) && body.IsChecked != true);
    }

    /// <inheritdoc/>
    public override Residual VisitAssignmentExpression(AssignmentExpressionSyntax node)
    {
        var isMember = node.Parent is InitializerExpressionSyntax initializer
            && initializer.Kind() is SyntaxKind.ObjectInitializerExpression or SyntaxKind.WithInitializerExpression;
        var left = isMember && node.Left is IdentifierNameSyntax name ? Residual.Of(name.Identifier.Text) : Of(node.Left);
        RejectKnown(left, node);
        var right = node.Right is InitializerExpressionSyntax nested ? Residual.Of(Generic(nested)) : Of(node.Right);
        var isStep = left.Type is { IsPointer: true } && right.Constant is IntegralConstant { Type: Primitive.NInt };
        var value = isStep ? TextFor(right, right.Type)
            : node.IsKind(SyntaxKind.SimpleAssignmentExpression) ? TextFor(right, left.Type)
            : right.At(Precedence.Assignment);
        var text = left.Text + body.Gap(node.Left.Span.End, node.OperatorToken.SpanStart) + node.OperatorToken.Text
            + body.Gap(node.OperatorToken.Span.End, node.Right.SpanStart) + value;
        return Residual.Of(text, Precedence.Assignment, left.Type);
    }

    /// <inheritdoc/>
    public override Residual VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        var condition = Of(node.Condition);
        if (condition.Constant is BoolConstant constant)
        {
            var (taken, other) = constant.Value ? (node.WhenTrue, node.WhenFalse) : (node.WhenFalse, node.WhenTrue);
            if (IsTyped(taken)) return Unify(Of(taken), [other]);
        }

        var whenTrue = Of(node.WhenTrue);
        var whenFalse = Of(node.WhenFalse);
        var text = condition.At(Precedence.Coalesce)
            + body.Gap(node.Condition.Span.End, node.QuestionToken.SpanStart) + "?" + body.Gap(node.QuestionToken.Span.End, node.WhenTrue.SpanStart)
            + whenTrue.At(Precedence.Conditional)
            + body.Gap(node.WhenTrue.Span.End, node.ColonToken.SpanStart) + ":" + body.Gap(node.ColonToken.Span.End, node.WhenFalse.SpanStart)
            + whenFalse.At(Precedence.Conditional);
        var type = whenTrue.Type?.Text == whenFalse.Type?.Text ? whenTrue.Type
            : TypeRef.OfOrNull(ConstantFolder.Promote(whenTrue.Primitive, whenTrue.Known, whenFalse.Primitive, whenFalse.Known));
        return Residual.Of(text, Precedence.Conditional, type, condition.IsPure && whenTrue.IsPure && whenFalse.IsPure);
    }

    /// <summary>The value as an expression of a declared type: a number without the cast or suffix that the type adds anyway.</summary>
    public static string TextFor(Residual value, TypeRef? target)
    {
        if (value.Constant is IntegralConstant constant && target?.Primitive == constant.Type && constant.Type is not Primitive.Char
            && Primitive.Int32.Holds(constant.Value) && (constant.Type.IsNative() || constant.Type.Size() < 4))
            return ConstantPrinter.Plain(constant);
        return value.At(Precedence.Assignment);
    }

    /// <summary>An arm of a conditional keeps the common type of all arms, also of those that are not taken.</summary>
    private Residual Unify(Residual taken, IEnumerable<ExpressionSyntax> others)
    {
        if (!taken.Primitive.IsNumeric()) return taken;
        var common = taken.Primitive;
        foreach (var other in others)
        {
            var type = Probe(other);
            if (type == Primitive.None || type == common) continue;
            var promoted = Primitives.Promote(common, type);
            if (promoted == Primitive.None) return taken;
            // Two narrow types have a common one only if one converts to the other; arithmetic's int is never needed here.
            common = promoted;
        }

        if (common == taken.Primitive) return taken;
        if (taken.Known is { } known)
            return ConstantConversion.Cast(known.Value, common, wrap: false, out _) is { } value ? Residual.Of(value, known.IsVariable) : taken;
        return Residual.Of("(" + common.Keyword() + ")" + taken.At(Precedence.Unary), Precedence.Unary, TypeRef.Of(common), taken.IsPure);
    }

    /// <summary>The type of an expression that is not part of the result.</summary>
    private Primitive Probe(ExpressionSyntax expression)
    {
        var type = Primitive.None;
        Session.Probing++;
        InOwnScope(() => type = Of(expression).Primitive);
        Session.Probing--;
        return type;
    }

    /// <summary>False for expressions that get their type from where they stand, and so cannot stand elsewhere.</summary>
    public static bool IsTyped(ExpressionSyntax expression) => expression switch
    {
        ParenthesizedExpressionSyntax parentheses => IsTyped(parentheses.Expression),
        ThrowExpressionSyntax or ImplicitObjectCreationExpressionSyntax or AnonymousFunctionExpressionSyntax or RefExpressionSyntax => false,
        _ => expression.Kind() is not (SyntaxKind.DefaultLiteralExpression or SyntaxKind.NullLiteralExpression),
    };

    private Residual ShortCircuit(BinaryExpressionSyntax node)
    {
        var isAnd = node.IsKind(SyntaxKind.LogicalAndExpression);
        var left = Of(node.Left);
        if (left.Constant is BoolConstant first) return first.Value == isAnd ? Of(node.Right) : left;
        var right = Of(node.Right);
        if (right.Constant is BoolConstant second)
        {
            if (second.Value == isAnd) return left;
            if (left.IsPure) return right;
        }

        return BinaryText(node, left, right, TypeRef.Of(Primitive.Bool));
    }

    private bool? SameTypes(BinaryExpressionSyntax node)
    {
        if (node.Kind() is not (SyntaxKind.EqualsExpression or SyntaxKind.NotEqualsExpression)) return null;
        if (node.Left is not TypeOfExpressionSyntax left || node.Right is not TypeOfExpressionSyntax right) return null;
        var (x, y) = (TypeText(left.Type), TypeText(right.Type));
        if (TypeRef.SameType(x, y)) return true;
        return IsOpen(left.Type) || IsOpen(right.Type) ? null : false;
    }

    /// <summary>Whether a type mentions a type parameter that stays one.</summary>
    private bool IsOpen(TypeSyntax type) =>
        type.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>().Any(name => body.Bindings.Find(name.Identifier.ValueText)?.TypeName == name.Identifier.ValueText);

    private bool Wraps(bool isVariable) => body.IsChecked is { } isChecked ? !isChecked : isVariable;

    private Residual? Fold(SyntaxNode node, Folded folded, bool isVariable)
    {
        if (folded.Error is { } error) body.Report(ProblemIds.Arithmetic, $"{node.ToString().Trim()}: {error}", node);
        return folded.Value is null ? null : Residual.Of(folded.Value, isVariable);
    }

    private void RejectKnown(Residual target, SyntaxNode node)
    {
        if (target.Known is not null) body.Report(ProblemIds.ConstantAssigned, "a value known at specialisation is assigned, or its address is taken", node);
    }

    private static ConstantValue? LeastNumber(ExpressionSyntax operand) => operand is LiteralExpressionSyntax literal
        ? literal.Token.Value switch
        {
            2147483648u => ConstantValue.From(int.MinValue),
            9223372036854775808ul => ConstantValue.From(long.MinValue),
            _ => null,
        }
        : null;

    private Residual BinaryText(BinaryExpressionSyntax node, Residual left, Residual right, TypeRef? type)
    {
        var precedence = Operators.PrecedenceOf(node.Kind());
        var isRightAssociative = precedence == Precedence.Coalesce;
        var text = Operators.OperandText(left, precedence, isRightAssociative ? precedence + 1 : precedence)
            + body.Gap(node.Left.Span.End, node.OperatorToken.SpanStart) + node.OperatorToken.Text
            + body.Gap(node.OperatorToken.Span.End, node.Right.SpanStart)
            + Operators.OperandText(right, precedence, isRightAssociative ? precedence : precedence + 1);
        return Residual.Of(text, precedence, type, left.IsPure && right.IsPure && Operators.CannotFault(node.Kind(), right, body.IsChecked == true));
    }
}
