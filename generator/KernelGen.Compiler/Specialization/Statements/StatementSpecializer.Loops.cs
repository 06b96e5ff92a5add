using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <content>Loops: unrolled or kept.</content>
internal sealed partial class StatementSpecializer
{
    private const int MostCopies = 4096;

    private Flow For(ForStatementSyntax node, List<OutputStatement> into) => InScope(() =>
    {
        var start = node.Declaration is { } declaration ? ForDeclaration(declaration) : Joined(node.Initializers);
        var condition = node.Condition is null ? null : Expressions.Of(node.Condition);
        if (condition?.Constant is BoolConstant { Value: false })
        {
            foreach (var initializer in node.Initializers) Add(node, Expressions.Of(initializer).Text + ";", into);
            return Flow.Falls;
        }

        var step = Joined(node.Incrementors);
        var inner = Loop(node.Statement);
        if (inner.Statements.Count == 0 && IsCountingOnly(node, condition)) return Flow.Falls;
        var firstGap = Separator(node.FirstSemicolonToken.Span.End, (node.Condition?.SpanStart) ?? node.SecondSemicolonToken.SpanStart);
        var secondGap = Separator(node.SecondSemicolonToken.Span.End, node.Incrementors.Count > 0 ? node.Incrementors[0].SpanStart : node.CloseParenToken.SpanStart);
        var header = "for (" + start + ";" + (condition is null ? "" : firstGap + condition.Text) + ";" + (step.Length == 0 ? "" : secondGap + step) + ")";
        Add(node, header, into, inner).TrailingComment = body.OmitsComments ? null : Comments.After(node.CloseParenToken);
        return Flow.Falls;
    });

    private string ForDeclaration(VariableDeclarationSyntax declaration)
    {
        var declared = declaration.Type.IsVar ? null : Expressions.TypeOf(declaration.Type);
        var variables = declaration.Variables.Select(variable =>
        {
            if (variable.Initializer is not { } initializer) return Expressions.Declare(variable.Identifier, declared);
            var value = Expressions.ConvertTo(Expressions.Of(initializer.Value), declaration.Type);
            return Expressions.Declare(variable.Identifier, declared ?? value.Type) + " = " + ExpressionSpecializer.TextFor(value, declared);
        });
        return Expressions.TypeText(declaration.Type) + " " + string.Join(", ", variables);
    }

    private string Joined(SeparatedSyntaxList<ExpressionSyntax> expressions) =>
        string.Join(", ", expressions.Select(expression => Expressions.Of(expression).Text));

    private string Separator(int start, int end)
    {
        var gap = body.Gap(start, end);
        return gap.Length == 0 ? " " : gap;
    }

    /// <summary>Whether a loop whose body vanished does nothing but count with its own variable.</summary>
    private static bool IsCountingOnly(ForStatementSyntax node, Residual? condition)
    {
        if (node.Declaration is not { } declaration || condition is not { IsPure: true } || node.Incrementors.Count != 1) return false;
        if (declaration.Variables.Any(variable => variable.Initializer?.Value.DescendantNodesAndSelf().Any(IsEffect) ?? false)) return false;
        var target = node.Incrementors[0] switch
        {
            PostfixUnaryExpressionSyntax postfix => postfix.Operand,
            PrefixUnaryExpressionSyntax prefix => prefix.Operand,
            AssignmentExpressionSyntax assignment when !assignment.Right.DescendantNodesAndSelf().Any(IsEffect) => assignment.Left,
            _ => null,
        };
        return target is IdentifierNameSyntax name && declaration.Variables.Any(variable => variable.Identifier.ValueText == name.Identifier.ValueText);
    }

    private static bool IsEffect(SyntaxNode node) =>
        node is InvocationExpressionSyntax or AssignmentExpressionSyntax or PostfixUnaryExpressionSyntax or BaseObjectCreationExpressionSyntax or AwaitExpressionSyntax
        || node.Kind() is SyntaxKind.PreIncrementExpression or SyntaxKind.PreDecrementExpression;

    private Flow While(WhileStatementSyntax node, List<OutputStatement> into) => InScope(() =>
    {
        var condition = Expressions.Of(node.Condition);
        if (condition.Constant is BoolConstant { Value: false }) return Flow.Falls;
        var inner = Loop(node.Statement);
        Add(node, $"while ({condition.Text})", into, inner).TrailingComment = body.OmitsComments ? null : Comments.After(node.CloseParenToken);
        return Flow.Falls;
    });

    private Flow Do(DoStatementSyntax node, List<OutputStatement> into)
    {
        var inner = Loop(node.Statement);
        Add(node, "do", into, inner).Next = new OutputStatement($"while ({Expressions.Of(node.Condition).Text});");
        return Flow.Falls;
    }

    private EmbeddedBody Loop(StatementSyntax statement)
    {
        _jumps.EnterRuntime(isLoop: true);
        var inner = Embedded(statement);
        _jumps.Leave();
        return inner;
    }

    private Flow ForEach(ForEachStatementSyntax node, List<OutputStatement> into)
    {
        if (node.Expression is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Range" } access } range
            && Expressions.IsStaticVocabulary(access.Expression))
            return Unroll(node, range, into);

        var source = Expressions.Of(node.Expression);
        return InScope(() =>
        {
            var type = Expressions.TypeText(node.Type);
            var declared = node.Type.IsVar ? source.Type?.Element : Expressions.TypeOf(node.Type);
            var name = Expressions.Declare(node.Identifier, declared);
            var prefix = node.AwaitKeyword.RawKind == 0 ? "" : "await ";
            Add(node, $"{prefix}foreach ({type} {name} in {source.Text})", into, Loop(node.Statement));
            return Flow.Falls;
        });
    }

    private Flow Unroll(ForEachStatementSyntax node, InvocationExpressionSyntax range, List<OutputStatement> into)
    {
        if (RangeOf(range) is not var (start, end, step)) return Flow.Falls;
        var copies = end <= start ? 0 : (end - start + step - 1) / step;
        if (copies > MostCopies)
        {
            body.Report(ProblemIds.Limit, $"the loop would be unrolled {copies} times; the limit is {MostCopies}", node);
            return Flow.Falls;
        }

        var omitted = body.OmitsComments;
        var flow = Flow.Falls;
        var previous = 0;
        for (var value = start; value < end && flow is Flow.Falls or Flow.Continues; value += step)
        {
            Session.CountStep(body.File, node.SpanStart);
            var first = into.Count;
            var mark = body.Bindings.Mark();
            var known = Residual.Of(ConstantValue.From((int)value), isVariable: true);
            body.Bindings.Set(node.Identifier.ValueText, Binding.Of(Expressions.ConvertTo(known, node.Type)));
            if (copies > 1) body.Names.EnterCopy((int)value);
            _jumps.EnterStatic(isLoop: true);
            flow = Inline(node.Statement, into);
            _jumps.Leave();
            if (copies > 1) body.Names.LeaveCopy();
            body.Bindings.Restore(mark);

            if (into.Count == first) continue;
            // Copies of several lines are groups of their own.
            if (previous > 2) into[first].BlankBefore = true;
            previous = Height(into, first);
            body.OmitsComments = true;
        }

        body.OmitsComments = omitted;
        return flow == Flow.Ends ? Flow.Ends : Flow.Falls;
    }

    /// <summary>About how many lines the statements from an index on take; a block counts as many.</summary>
    private static int Height(List<OutputStatement> statements, int first)
    {
        var height = 0;
        for (var i = first; i < statements.Count; i++)
        {
            if (statements[i].Element is not null) continue;
            height += statements[i].Body is null || statements[i] is { Form: BodyForm.SameLine, Next: null } ? 1 : 3;
        }

        return height;
    }

    /// <summary>The bounds of a <c>Static.Range</c>; null after a problem was reported.</summary>
    private (long Start, long End, long Step)? RangeOf(InvocationExpressionSyntax range)
    {
        var arguments = range.ArgumentList.Arguments;
        long start = 0, end = 0, step = 1;
        for (var i = 0; i < arguments.Count; i++)
        {
            if (ConstantInt(arguments[i].Expression) is not { } value)
            {
                ReportBound("the bound of the range", arguments[i]);
                return null;
            }

            switch (arguments[i].NameColon?.Name.Identifier.ValueText ?? (arguments.Count == 1 ? "count" : i == 0 ? "start" : i == 1 ? "end" : "step"))
            {
                case "start":
                    start = value;
                    break;
                case "step":
                    step = value;
                    break;
                default:
                    end = value;
                    break;
            }
        }

        if (step >= 1 && arguments.Count is >= 1 and <= 3) return (start, end, step);
        body.Report(ProblemIds.BoundNotConstant, step < 1 ? $"the step of the range is {step}; it must be at least 1" : "Static.Range takes one to three arguments", range);
        return null;
    }
}
