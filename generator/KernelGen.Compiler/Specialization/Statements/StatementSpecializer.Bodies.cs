using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <content>Bodies of other statements, and branches.</content>
internal sealed partial class StatementSpecializer
{
    /// <summary>The specialised body of a statement.</summary>
    private readonly record struct EmbeddedBody(List<OutputStatement> Statements, BodyForm Form, Flow Flow);

    /// <summary>A body in a block of its own.</summary>
    private EmbeddedBody Embedded(StatementSyntax statement)
    {
        var statements = new List<OutputStatement>();
        var flow = InScope(() => Inline(statement, statements));
        return new EmbeddedBody(statements, FormOf(statement, statements), flow);
    }

    /// <summary>A body that may run or not.</summary>
    private EmbeddedBody Conditional(StatementSyntax statement)
    {
        _jumps.EnterCondition();
        var embedded = Embedded(statement);
        _jumps.LeaveCondition();
        return embedded;
    }

    /// <summary>A statement's content, written directly into the block at hand; a block loses its braces.</summary>
    private Flow Inline(StatementSyntax statement, List<OutputStatement> into)
    {
        var mark = body.Bindings.Mark();
        var flow = statement is BlockSyntax block ? Block(block, into) : List([statement], into);
        body.Bindings.Restore(mark);
        return flow;
    }

    /// <summary>Keeps the template's choice between braces, an indented statement and one on the header's line, where C# allows it.</summary>
    private BodyForm FormOf(StatementSyntax statement, List<OutputStatement> statements)
    {
        if (statement is BlockSyntax or IfStatementSyntax { Statement: BlockSyntax } || statements.Count != 1) return BodyForm.Braces;
        var only = statements[0];
        if (only.Comments is not null || only.NeedsBlock || only.Element is not null) return BodyForm.Braces;
        if (statement is FixedStatementSyntax or UsingStatementSyntax && statement.Parent!.IsKind(statement.Kind())) return BodyForm.Stacked;
        if (only.Body is not null) return BodyForm.Braces;
        var start = statement.GetFirstToken();
        var sameLine = body.Gap(start.GetPreviousToken().Span.End, start.SpanStart).IndexOf('\n') < 0;
        return sameLine && only.TrailingComment is null && only.Text.IndexOf('\n') < 0 ? BodyForm.SameLine : BodyForm.Indented;
    }

    private Flow If(IfStatementSyntax node, List<OutputStatement> into)
    {
        var condition = Expressions.Of(node.Condition);
        if (condition.Constant is BoolConstant constant)
        {
            var taken = constant.Value ? node.Statement : node.Else?.Statement;
            return taken is null ? Flow.Falls : Inline(taken, into);
        }

        var then = Conditional(node.Statement);
        var otherwise = node.Else is null ? new EmbeddedBody([], BodyForm.Braces, Flow.Falls) : Conditional(node.Else.Statement);
        var flow = then.Flow == Flow.Ends && otherwise.Flow == Flow.Ends ? Flow.Ends : Flow.Falls;
        if (then.Statements.Count == 0)
        {
            if (otherwise.Statements.Count == 0)
            {
                if (!condition.IsPure) Add(node, $"_ = {condition.Text};", into);
                return flow;
            }

            Add(node, $"if ({Negated(condition)})", into, otherwise);
            return flow;
        }

        var result = Add(node, $"if ({condition.Text})", into, then);
        if (!body.OmitsComments) result.TrailingComment = Comments.After(node.CloseParenToken);
        if (otherwise.Statements.Count > 0) result.Next = Else(node.Else!, otherwise);
        return flow;
    }

    private OutputStatement Else(ElseClauseSyntax node, EmbeddedBody otherwise)
    {
        var comments = body.OmitsComments ? null : Comments.Before(node.ElseKeyword, body.File).Lines;
        if (node.Statement is not IfStatementSyntax || otherwise.Statements.Count != 1 || !otherwise.Statements[0].Text.StartsWith("if (", StringComparison.Ordinal))
            return new OutputStatement("else") { Body = otherwise.Statements, Form = otherwise.Form, Comments = comments };
        var inner = otherwise.Statements[0];
        if (inner.Comments is not null) comments = [.. comments ?? [], .. inner.Comments];
        return new OutputStatement("else " + inner.Text) { Body = inner.Body, Form = inner.Form, Next = inner.Next, Comments = comments, TrailingComment = inner.TrailingComment };
    }

    private static string Negated(Residual condition) =>
        condition.Precedence == Precedence.Unary && condition.Text[0] == '!' ? condition.Text.Substring(1) : "!" + condition.At(Precedence.Unary);

    private Flow Switch(SwitchStatementSyntax node, List<OutputStatement> into)
    {
        var value = Expressions.Of(node.Expression);
        if (value.Known is not null && TryFindSection(node, value, out var taken, out var mark))
        {
            if (taken is null) return Flow.Falls;
            _jumps.EnterStatic(isLoop: false);
            var flow = List(taken.Statements, into);
            _jumps.Leave();
            body.Bindings.Restore(mark);
            return flow == Flow.Breaks ? Flow.Falls : flow;
        }

        var sections = new List<OutputStatement>();
        _jumps.EnterRuntime(isLoop: false);
        InScope(() =>
        {
            foreach (var section in node.Sections)
            {
                var mark = body.Bindings.Mark();
                var labels = string.Join("\n", section.Labels.Select(Expressions.Text));
                var statements = new List<OutputStatement>();
                List(section.Statements, statements);
                var (comments, blank) = Comments.Before(section.GetFirstToken(), body.File);
                sections.Add(new OutputStatement(body.Relative(labels, section.SpanStart))
                {
                    Body = statements,
                    Form = BodyForm.Indented,
                    Comments = body.OmitsComments ? null : comments,
                    BlankBefore = blank,
                });
            }

            return Flow.Falls;
        });
        _jumps.Leave();
        Add(node, $"switch ({value.Text})", into, new EmbeddedBody(sections, BodyForm.Braces, Flow.Falls));
        return Flow.Falls;
    }

    /// <summary>The section for a known value, null when there is none; false when a label's match is not known.</summary>
    private bool TryFindSection(SwitchStatementSyntax node, Residual value, out SwitchSectionSyntax? taken, out int mark)
    {
        SwitchSectionSyntax? fallback = null;
        mark = body.Bindings.Mark();
        foreach (var section in node.Sections)
        foreach (var label in section.Labels)
        {
            var matches = label switch
            {
                CaseSwitchLabelSyntax simple => new PatternMatcher(body).IsEqual(value, simple.Value),
                CasePatternSwitchLabelSyntax pattern => Expressions.Matches(pattern.Pattern, pattern.WhenClause, value),
                _ => false,
            };
            if (label is DefaultSwitchLabelSyntax) fallback = section;
            taken = section;
            if (matches == true) return true;
            body.Bindings.Restore(mark);
            if (matches is null) return false;
        }

        taken = fallback;
        return true;
    }
}
