using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Specialises expressions: names become values, what is known is folded, the rest is written as the template has it.</summary>
internal sealed partial class ExpressionSpecializer(Body body) : CSharpSyntaxVisitor<Residual>
{
    /// <summary>Stands for a line break inside a token, which no re-indentation may touch.</summary>
    public const char TokenLineBreak = '\uE000';

    private Session Session => body.Session;

    /// <summary>Specialises an expression.</summary>
    public Residual Of(ExpressionSyntax node)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return Visit(node)!;
    }

    /// <summary>Any node, written as the template has it with its expressions specialised.</summary>
    public string Text(SyntaxNode node)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (node)
        {
            case TypeSyntax type when IsTypePosition(type):
                return TypeText(type);
            case ExpressionSyntax expression:
                return Of(expression).Text;
            case NameColonSyntax or NameEqualsSyntax or ExpressionColonSyntax:
                return node.ToString();
            case ArgumentSyntax argument:
                return ArgumentText(argument, Of(argument.Expression));
            case SingleVariableDesignationSyntax designation:
                return Declare(designation.Identifier);
            case ParameterSyntax parameter:
                body.Names.DeclareParameter(parameter.Identifier.Text);
                body.Bindings.Set(parameter.Identifier.ValueText, Binding.Local(parameter.Identifier.Text, parameter.Type is null ? null : TypeOf(parameter.Type)));
                return Generic(parameter);
            case InterpolationSyntax interpolation:
                return InterpolationText(interpolation);
            case AttributeListSyntax attributes:
                return AttributesText(attributes);
            case BlockSyntax block:
                return body.Statements.NestedBlock(block);
            default:
                return Generic(node);
        }
    }

    /// <summary>The header of a local function; its parameters are declared in the scope at hand.</summary>
    public string FunctionHeader(LocalFunctionStatementSyntax node)
    {
        var name = body.Bindings.Find(node.Identifier.ValueText)!.Value!.Text;
        var modifiers = string.Concat(node.Modifiers.Select(modifier => modifier.Text + " "));
        foreach (var parameter in node.TypeParameterList?.Parameters ?? [])
            body.Bindings.Set(parameter.Identifier.ValueText, Binding.OfType(parameter.Identifier.Text));
        var constraints = string.Concat(node.ConstraintClauses.Select(clause => " " + Generic(clause)));
        return $"{modifiers}{TypeText(node.ReturnType)} {name}{node.TypeParameterList}{Generic(node.ParameterList)}{constraints}";
    }

    /// <summary><c>=&gt; expression</c>, on a line of its own where the template has it so.</summary>
    public string ArrowText(SyntaxNode previous, ArrowExpressionClauseSyntax arrow)
    {
        var gap = body.Gap(previous.Span.End, arrow.SpanStart);
        return (gap.Length == 0 ? " " : gap) + "=>" + body.Gap(arrow.ArrowToken.Span.End, arrow.Expression.SpanStart) + Of(arrow.Expression).Text;
    }

    /// <summary>A jump; its label is no name of a value.</summary>
    public string GotoText(GotoStatementSyntax node) => node.Kind() switch
    {
        SyntaxKind.GotoStatement => $"goto {node.Expression};",
        SyntaxKind.GotoCaseStatement => $"goto case {Of(node.Expression!).Text};",
        _ => "goto default;",
    };

    /// <summary>An attribute list without the template language's own attributes; empty when none is left.</summary>
    public string AttributesText(AttributeListSyntax list)
    {
        var kept = list.Attributes.Where(attribute => !TemplateAttributes.IsOwn(attribute)).Select(Generic).ToArray();
        var target = list.Target is null ? "" : list.Target + " ";
        return kept.Length == 0 ? "" : "[" + target + string.Join(", ", kept) + "]";
    }

    public static string TokenText(SyntaxToken token)
    {
        var text = token.Text;
        return text.IndexOf('\n') < 0 ? text : text.Replace('\n', TokenLineBreak);
    }

    /// <inheritdoc/>
    public override Residual DefaultVisit(SyntaxNode node)
    {
        var precedence = node.Kind() switch
        {
            SyntaxKind.AwaitExpression or SyntaxKind.IndexExpression => Precedence.Unary,
            SyntaxKind.RangeExpression => Precedence.Range,
            SyntaxKind.WithExpression => Precedence.Switch,
            SyntaxKind.ThrowExpression or SyntaxKind.RefExpression or SyntaxKind.QueryExpression => Precedence.Assignment,
            _ => Precedence.Primary,
        };
        var type = node switch
        {
            ObjectCreationExpressionSyntax creation => TypeOf(creation.Type),
            ArrayCreationExpressionSyntax { Type.RankSpecifiers: { Count: 1 } ranks } array when ranks[0].Rank == 1 => TypeRef.Of(TypeText(array.Type.ElementType) + "[]"),
            StackAllocArrayCreationExpressionSyntax { Type: ArrayTypeSyntax array, Parent: EqualsValueClauseSyntax } => TypeRef.Of(TypeText(array.ElementType) + "*"),
            _ => null,
        };
        return Residual.Of(Generic(node), precedence, type);
    }

    /// <inheritdoc/>
    public override Residual VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        var token = node.Token;
        switch (node.Kind())
        {
            case SyntaxKind.NumericLiteralExpression or SyntaxKind.CharacterLiteralExpression when ConstantValue.FromObject(token.Value) is { } constant:
                return Residual.Of(constant, spelling: token.Text);
            case SyntaxKind.TrueLiteralExpression:
                return Residual.Of(BoolConstant.True);
            case SyntaxKind.FalseLiteralExpression:
                return Residual.Of(BoolConstant.False);
            default:
                return Residual.Of(TokenText(token), isPure: true);
        }
    }

    /// <inheritdoc/>
    public override Residual VisitParenthesizedExpression(ParenthesizedExpressionSyntax node)
    {
        var inner = Of(node.Expression);
        // `F((a < b), c > (d))` without the inner parentheses would be a generic call; `is` and `as` before `?` are hard to read.
        var keeps = node.Expression.Kind() is SyntaxKind.LessThanExpression or SyntaxKind.IsExpression or SyntaxKind.AsExpression
            && inner.Known is null && node.Parent is ArgumentSyntax or ConditionalExpressionSyntax;
        return keeps ? Residual.Of("(" + inner.Text + ")", Precedence.Primary, inner.Type, inner.IsPure) : inner.Parenthesized();
    }

    /// <inheritdoc/>
    public override Residual VisitCheckedExpression(CheckedExpressionSyntax node)
    {
        var outer = body.IsChecked;
        body.IsChecked = node.IsKind(SyntaxKind.CheckedExpression);
        var inner = Of(node.Expression);
        body.IsChecked = outer;
        return inner.Known is not null ? inner : Residual.Of($"{node.Keyword.Text}({inner.Text})", Precedence.Primary, inner.Type, inner.IsPure);
    }

    /// <inheritdoc/>
    public override Residual VisitDeclarationExpression(DeclarationExpressionSyntax node)
    {
        var type = TypeText(node.Type);
        if (node.Designation is not SingleVariableDesignationSyntax single) return Residual.Of(type + " " + Generic(node.Designation));
        return Residual.Of(type + " " + Declare(single.Identifier, node.Type.IsVar ? null : TypeOf(node.Type)));
    }

    /// <summary>Declares a local in the block being written and returns its name there.</summary>
    public string Declare(SyntaxToken identifier, TypeRef? type = null)
    {
        var name = body.Names.Declare(identifier.Text);
        body.Bindings.Set(identifier.ValueText, Binding.Local(name, type));
        return name;
    }

    /// <summary>Runs an action in a block of its own: what it declares is not seen outside.</summary>
    public void InOwnScope(Action action)
    {
        var mark = body.Bindings.Mark();
        var outer = body.Names;
        body.Names = outer.Open();
        action();
        body.Names.Close();
        body.Names = outer;
        body.Bindings.Restore(mark);
    }

    /// <inheritdoc/>
    public override Residual VisitSimpleLambdaExpression(SimpleLambdaExpressionSyntax node) => Lambda(node);

    /// <inheritdoc/>
    public override Residual VisitParenthesizedLambdaExpression(ParenthesizedLambdaExpressionSyntax node) => Lambda(node);

    /// <inheritdoc/>
    public override Residual VisitAnonymousMethodExpression(AnonymousMethodExpressionSyntax node) => Lambda(node);

    private Residual Lambda(AnonymousFunctionExpressionSyntax node)
    {
        var text = "";
        InOwnScope(() => body.Statements.InFunction(() => text = Generic(node)));
        return Residual.Of(text, Precedence.Assignment, isPure: true);
    }

    /// <summary>Whether a name stands for a type: a constant of the same name is not meant.</summary>
    private static bool IsTypePosition(TypeSyntax type) =>
        type is not (IdentifierNameSyntax or GenericNameSyntax)
        || type.Parent is TypeSyntax or TypeArgumentListSyntax or BaseParameterSyntax or ObjectCreationExpressionSyntax or VariableDeclarationSyntax
            or DeclarationPatternSyntax or TypePatternSyntax or RecursivePatternSyntax or BaseTypeSyntax or TypeConstraintSyntax or TupleElementSyntax
            or MemberDeclarationSyntax or AttributeSyntax or TypeOfExpressionSyntax or CatchDeclarationSyntax or DeclarationExpressionSyntax
            or ForEachStatementSyntax or LocalFunctionStatementSyntax or ExplicitInterfaceSpecifierSyntax or FunctionPointerParameterSyntax;

    private string InterpolationText(InterpolationSyntax node)
    {
        var value = Of(node.Expression);
        var hole = value.Precedence <= Precedence.Conditional || value.Text.IndexOf(':') >= 0 ? "(" + value.Text + ")" : value.Text;
        return "{" + hole + (node.AlignmentClause is null ? "" : Generic(node.AlignmentClause)) + node.FormatClause + "}";
    }

    /// <summary>The node's tokens and children in order, with what the template has between them.</summary>
    private string Generic(SyntaxNode node)
    {
        var isOperand = node.Kind() is SyntaxKind.RangeExpression or SyntaxKind.IndexExpression or SyntaxKind.AwaitExpression or SyntaxKind.WithExpression;
        var text = new StringBuilder();
        var end = -1;
        foreach (var child in node.ChildNodesAndTokens())
        {
            var part = child.AsNode() is { } inner
                ? isOperand && inner is ExpressionSyntax operand ? Of(operand).At(Precedence.Unary) : Text(inner)
                : TokenText(child.AsToken());
            if (part.Length == 0) continue;
            if (end >= 0) text.Append(body.Gap(end, child.SpanStart));
            text.Append(part);
            end = child.Span.End;
        }

        return text.ToString();
    }
}
