using System.Text;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <content>Switch expressions and <c>is</c> patterns.</content>
internal sealed partial class ExpressionSpecializer
{
    /// <inheritdoc/>
    public override Residual VisitIsPatternExpression(IsPatternExpressionSyntax node)
    {
        var value = Of(node.Expression);
        if (value.Known is not null && new PatternMatcher(body).Matches(node.Pattern, value) is { } matches)
            return Residual.Of(ConstantValue.From(matches), isVariable: true);
        var text = value.At(Precedence.Relational) + body.Gap(node.Expression.Span.End, node.IsKeyword.SpanStart) + "is"
            + body.Gap(node.IsKeyword.Span.End, node.Pattern.SpanStart) + Text(node.Pattern);
        return Residual.Of(text, Precedence.Relational, TypeRef.Of(Primitive.Bool));
    }

    /// <inheritdoc/>
    public override Residual VisitSwitchExpression(SwitchExpressionSyntax node)
    {
        var value = Of(node.GoverningExpression);
        var kept = new List<SwitchExpressionArmSyntax>();
        foreach (var arm in node.Arms)
        {
            var mark = body.Bindings.Mark();
            var matches = value.Known is null ? null : Matches(arm.Pattern, arm.WhenClause, value);
            if (matches == true && kept.Count == 0 && IsTyped(arm.Expression))
            {
                var taken = Of(arm.Expression);
                body.Bindings.Restore(mark);
                return Unify(taken, node.Arms.Where(other => other != arm && IsTyped(other.Expression)).Select(other => other.Expression));
            }

            body.Bindings.Restore(mark);
            if (matches != false) kept.Add(arm);
            if (matches == true) break;
        }

        var text = new StringBuilder(value.At(Precedence.Switch)).Append(body.Gap(node.GoverningExpression.Span.End, node.SwitchKeyword.SpanStart))
            .Append("switch").Append(body.Gap(node.SwitchKeyword.Span.End, node.OpenBraceToken.SpanStart)).Append('{');
        var previous = node.OpenBraceToken.Span.End;
        TypeRef? type = null;
        for (var i = 0; i < kept.Count; i++)
        {
            var at = node.Arms.IndexOf(kept[i]);
            var start = at == 0 ? node.OpenBraceToken.Span.End : node.Arms.GetSeparator(at - 1).Span.End;
            text.Append(body.Gap(start, kept[i].SpanStart));
            Residual? result = null;
            InOwnScope(() => text.Append(ArmText(kept[i], out result)));
            type = i == 0 || type?.Text == result!.Type?.Text ? result!.Type : null;
            previous = at < node.Arms.SeparatorCount ? node.Arms.GetSeparator(at).Span.End : kept[i].Span.End;
            if (i < kept.Count - 1 || node.Arms.Count == node.Arms.SeparatorCount) text.Append(',');
        }

        var end = node.Arms.Count == 0 ? previous : Math.Max(previous, node.Arms.GetWithSeparators().Last().Span.End);
        text.Append(body.Gap(end, node.CloseBraceToken.SpanStart)).Append('}');
        return Residual.Of(text.ToString(), Precedence.Switch, type);
    }

    /// <summary>Whether an arm or label is taken for a known value; null when that is not known.</summary>
    public bool? Matches(PatternSyntax pattern, WhenClauseSyntax? when, Residual value)
    {
        var matches = new PatternMatcher(body).Matches(pattern, value);
        if (when is null || matches == false) return matches;
        var condition = (Of(when.Condition).Constant as BoolConstant)?.Value;
        return condition == false ? false : matches == true ? condition : null;
    }

    private string ArmText(SwitchExpressionArmSyntax arm, out Residual result)
    {
        var pattern = Text(arm.Pattern);
        if (arm.WhenClause is { } when) pattern += body.Gap(arm.Pattern.Span.End, when.SpanStart) + Generic(when);
        var end = (arm.WhenClause?.Span.End) ?? arm.Pattern.Span.End;
        result = Of(arm.Expression);
        return pattern + body.Gap(end, arm.EqualsGreaterThanToken.SpanStart) + "=>" + body.Gap(arm.EqualsGreaterThanToken.Span.End, arm.Expression.SpanStart) + result.Text;
    }
}
