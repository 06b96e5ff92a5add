using System.Runtime.CompilerServices;
using KernelGen.Compiler.Emission;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Specialises statements: prunes what cannot run, unrolls, flattens, and keeps the rest as the template has it.</summary>
internal sealed partial class StatementSpecializer(Body body)
{
    private JumpTargets _jumps = new();

    /// <summary>With labels or local functions, the first statement in the text need not be the first to run.</summary>
    private bool _isOutOfOrder;

    private Session Session => body.Session;

    private ExpressionSpecializer Expressions => body.Expressions;

    /// <summary>The statements of a method's block.</summary>
    public List<OutputStatement> MethodBlock(BlockSyntax block)
    {
        var statements = new List<OutputStatement>();
        _isOutOfOrder = block.DescendantNodes(node => node is StatementSyntax or SwitchSectionSyntax or ElseClauseSyntax).Any(node => node is LabeledStatementSyntax or LocalFunctionStatementSyntax);
        Block(block, statements);
        return statements;
    }

    /// <summary>Runs an action in the body of a lambda or local function: jumps do not reach out of it.</summary>
    public void InFunction(Action action)
    {
        var outer = _jumps;
        _jumps = new JumpTargets();
        action();
        _jumps = outer;
    }

    /// <summary>The text of a block inside an expression, indented as the template's line is.</summary>
    public string NestedBlock(BlockSyntax block)
    {
        var statements = new List<OutputStatement>();
        Expressions.InOwnScope(() => Block(block, statements));
        var writer = new CodeWriter();
        using (writer.OpenBlock()) OutputStatement.Write(statements, writer);
        var indentation = new string(' ', body.File.IndentationOf(block.SpanStart));
        return writer.ToString().TrimEnd('\n').Replace("\n", "\n" + indentation);
    }

    private Flow Block(BlockSyntax block, List<OutputStatement> into)
    {
        var first = into.Count;
        var opening = body.OmitsComments ? null : Comments.After(block.OpenBraceToken);
        var flow = List(block.Statements, into);
        if (opening is not null && into.Count > first) (into[first].Comments ??= []).Insert(0, opening);
        if (!body.OmitsComments && Comments.Before(block.CloseBraceToken, body.File) is { Lines: { } lines } closing)
            into.Add(new OutputStatement("") { Comments = lines, BlankBefore = closing.BlankBefore, NeedsBlock = true });
        return flow;
    }

    private Flow List(IReadOnlyList<StatementSyntax> statements, List<OutputStatement> into)
    {
        foreach (var statement in statements)
            if (statement is LocalFunctionStatementSyntax function) Expressions.Declare(function.Identifier, Expressions.TypeOf(function.ReturnType));

        var flow = Flow.Falls;
        var blank = false;
        var start = into.Count;
        foreach (var statement in statements)
        {
            if (statement is not LocalFunctionStatementSyntax)
            {
                if (flow != Flow.Falls && statement is not LabeledStatementSyntax) continue;
                if (flow == Flow.Ends) flow = Flow.Falls;
            }

            var first = into.Count;
            var (comments, blankBefore) = Comments.Before(statement.GetFirstToken(), body.File);
            blank |= blankBefore;
            var after = Statement(statement, into);
            if (flow == Flow.Falls) flow = after;
            if (into.Count == first) continue;
            if (first > start) into[first].BlankBefore |= blank;
            blank = false;
            if (body.OmitsComments) continue;
            if (comments is not null) into[first].Comments = [.. comments, .. into[first].Comments ?? []];
            if (into.Count == first + 1 && into[first].Body is null) into[first].TrailingComment ??= Comments.After(statement.GetLastToken());
        }

        return flow;
    }

    private Flow Statement(StatementSyntax statement, List<OutputStatement> into)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Session.CountStep(body.File, statement.SpanStart);
        switch (statement)
        {
            case ExpressionStatementSyntax node:
                return ExpressionStatement(node, into);
            case LocalDeclarationStatementSyntax node:
                return LocalDeclaration(node, into);
            case BlockSyntax node:
                return Nested(node, "", node, into);
            case IfStatementSyntax node:
                return If(node, into);
            case ForStatementSyntax node:
                return For(node, into);
            case ForEachStatementSyntax node:
                return ForEach(node, into);
            case WhileStatementSyntax node:
                return While(node, into);
            case DoStatementSyntax node:
                return Do(node, into);
            case SwitchStatementSyntax node:
                return Switch(node, into);
            case BreakStatementSyntax or ContinueStatementSyntax:
                return Jump(statement, into);
            case ReturnStatementSyntax or ThrowStatementSyntax:
                Add(statement, Expressions.Text(statement), into);
                return Flow.Ends;
            case GotoStatementSyntax node:
                return Goto(node, into);
            case LabeledStatementSyntax node:
                return Labeled(node, into);
            case LocalFunctionStatementSyntax node:
                return LocalFunction(node, into);
            case FixedStatementSyntax node:
                return InScope(() => Nested(node, $"fixed ({Expressions.Text(node.Declaration)})", node.Statement, into, keepsEmpty: false));
            case UsingStatementSyntax node:
                return InScope(() => Nested(
                    node,
                    $"{node.AwaitKeyword.Text}{(node.AwaitKeyword.RawKind == 0 ? "" : " ")}using ({Expressions.Text((SyntaxNode?)node.Declaration ?? node.Expression!)})",
                    node.Statement,
                    into,
                    keepsEmpty: true));
            case LockStatementSyntax node:
                return Nested(node, $"lock ({Expressions.Of(node.Expression).Text})", node.Statement, into, keepsEmpty: true);
            case UnsafeStatementSyntax node:
                return Nested(node, "unsafe", node.Block, into);
            case CheckedStatementSyntax node:
                return Checked(node, into);
            case TryStatementSyntax node:
                return Try(node, into);
            case EmptyStatementSyntax:
                return Flow.Falls;
            default:
                Add(statement, Expressions.Text(statement), into);
                return Flow.Falls;
        }
    }

    /// <summary>A statement with a body that runs exactly once.</summary>
    private Flow Nested(StatementSyntax node, string header, StatementSyntax inner, List<OutputStatement> into, bool keepsEmpty = false)
    {
        var embedded = Embedded(inner);
        if (embedded.Statements.Count > 0 || keepsEmpty) Add(node, header, into, embedded);
        return embedded.Flow;
    }

    private Flow Checked(CheckedStatementSyntax node, List<OutputStatement> into)
    {
        var outer = body.IsChecked;
        body.IsChecked = node.IsKind(SyntaxKind.CheckedStatement);
        var flow = Nested(node, node.Keyword.Text, node.Block, into);
        body.IsChecked = outer;
        return flow;
    }

    private Flow ExpressionStatement(ExpressionStatementSyntax node, List<OutputStatement> into)
    {
        var value = Expressions.Of(node.Expression);
        var assignment = node.Expression as AssignmentExpressionSyntax;
        if (assignment is not null && IsNoOperation(assignment, value)) return Flow.Falls;
        var declared = assignment is null ? null : DeclaringType(assignment);
        Add(node, (declared is null ? "" : declared + " ") + value.Text + ";", into, needsBlock: declared is not null);
        return Flow.Falls;
    }

    /// <summary>
    /// The type to declare an element of a static array with, if this is the first statement that mentions it and stands in
    /// the array's own block, so that whatever reads the element comes after it. Null otherwise.
    /// </summary>
    private string? DeclaringType(AssignmentExpressionSyntax assignment)
    {
        if (!assignment.IsKind(SyntaxKind.SimpleAssignmentExpression) || Expressions.AssignedElement(assignment) is not { Uses: 1 } element) return null;
        if (element.Block != body.Names || _isOutOfOrder || !ExpressionSpecializer.IsTyped(assignment.Right)) return null;
        element.IsDeclaredByAssignment = true;
        return element.DeclaredType;
    }

    /// <summary><c>p += 0</c>: what pruning leaves of a step by a known distance.</summary>
    private bool IsNoOperation(AssignmentExpressionSyntax node, Residual value) =>
        node.Kind() is SyntaxKind.AddAssignmentExpression or SyntaxKind.SubtractAssignmentExpression
        && node.Left is IdentifierNameSyntax
        && (value.Type is { IsIntegral: true } or { IsPointer: true })
        && value.Text.EndsWith("= 0", StringComparison.Ordinal);

    private Flow Jump(StatementSyntax node, List<OutputStatement> into)
    {
        var isContinue = node is ContinueStatementSyntax;
        var keyword = isContinue ? "continue" : "break";
        var flow = _jumps.Resolve(isContinue);
        if (flow == Flow.Ends) Add(node, keyword + ";", into);
        else if (flow is null)
            body.Report(ProblemIds.RuntimeJump, $"{keyword} leaves unrolled or pruned code under a condition that is known only at run time", node);
        return flow ?? Flow.Ends;
    }

    private Flow Goto(GotoStatementSyntax node, List<OutputStatement> into)
    {
        var isCase = !node.IsKind(SyntaxKind.GotoStatement);
        if (isCase ? _jumps.InPrunedSwitch : _jumps.InUnrolled)
            body.Report(ProblemIds.Goto, isCase ? "goto case in a switch on a value known at specialisation" : "goto inside an unrolled loop", node);
        Add(node, Expressions.GotoText(node), into);
        return Flow.Ends;
    }

    private Flow Labeled(LabeledStatementSyntax node, List<OutputStatement> into)
    {
        if (_jumps.InUnrolled) body.Report(ProblemIds.Goto, $"the label {node.Identifier.ValueText} stands inside an unrolled loop", node);
        var at = into.Count;
        Add(node, node.Identifier.Text + ":", into, needsBlock: true);
        var flow = Statement(node.Statement, into);
        if (into.Count == at + 1) into[at].Text += " ;";
        return flow;
    }

    private Flow Try(TryStatementSyntax node, List<OutputStatement> into)
    {
        var first = Conditional(node.Block);
        var last = Add(node, "try", into, first);
        foreach (var clause in node.Catches)
        {
            InScope(() =>
            {
                var header = "catch";
                if (clause.Declaration is { } declaration)
                {
                    var name = declaration.Identifier.RawKind == 0 ? "" : " " + Expressions.Declare(declaration.Identifier);
                    header += $" ({Expressions.TypeText(declaration.Type)}{name})";
                }

                if (clause.Filter is { } filter) header += $" when ({Expressions.Of(filter.FilterExpression).Text})";
                last = last.Next = Output(header, Conditional(clause.Block));
                return Flow.Falls;
            });
        }

        if (node.Finally is { } final) last.Next = Output("finally", Conditional(final.Block));
        return Flow.Falls;
    }

    private Flow LocalFunction(LocalFunctionStatementSyntax node, List<OutputStatement> into)
    {
        InScope(() =>
        {
            InFunction(() =>
            {
                var header = Expressions.FunctionHeader(node);
                if (node.Body is { } block) Add(node, header, into, Embedded(block), needsBlock: true);
                else Add(node, header + Expressions.ArrowText(node.ParameterList, node.ExpressionBody!) + ";", into, needsBlock: true);
            });
            return Flow.Falls;
        });
        return Flow.Falls;
    }

    private Flow InScope(Func<Flow> action)
    {
        var flow = Flow.Falls;
        Expressions.InOwnScope(() => flow = action());
        return flow;
    }

    private void Add(StatementSyntax node, string text, List<OutputStatement> into, bool needsBlock = false)
    {
        Session.CountStatement(body.File, node.SpanStart);
        into.Add(new OutputStatement(body.Relative(text, node.SpanStart)) { NeedsBlock = needsBlock });
    }

    private OutputStatement Add(StatementSyntax node, string header, List<OutputStatement> into, EmbeddedBody inner, bool needsBlock = false)
    {
        Session.CountStatement(body.File, node.SpanStart);
        var statement = Output(body.Relative(header, node.SpanStart), inner, needsBlock);
        into.Add(statement);
        return statement;
    }

    private static OutputStatement Output(string header, EmbeddedBody inner, bool needsBlock = false) =>
        new(header) { Body = inner.Statements, Form = inner.Form, NeedsBlock = needsBlock };
}
