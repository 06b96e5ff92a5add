using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <content>Declarations of locals, constants and static arrays.</content>
internal sealed partial class StatementSpecializer
{
    private const int MostElements = 4096;

    private Flow LocalDeclaration(LocalDeclarationStatementSyntax node, List<OutputStatement> into)
    {
        var declaration = node.Declaration;
        var kept = new List<string>();
        foreach (var variable in declaration.Variables)
        {
            if (StaticArrayOf(variable) is { } creation) DeclareArray(node, variable, creation, into);
            else if (Declarator(node, variable) is { } text) kept.Add(text);
        }

        if (kept.Count == 0) return Flow.Falls;
        var prefix = string.Concat(new[] { node.AwaitKeyword, node.UsingKeyword }.Concat(node.Modifiers).Where(token => token.RawKind != 0).Select(token => token.Text + " "));
        Add(node, prefix + Expressions.TypeText(declaration.Type) + " " + string.Join(", ", kept) + ";", into, needsBlock: true);
        return Flow.Falls;
    }

    /// <summary>Declares a local; null when its value is known, so that nothing is left of it.</summary>
    private string? Declarator(LocalDeclarationStatementSyntax node, VariableDeclaratorSyntax variable)
    {
        var type = node.Declaration.Type;
        var declared = type.IsVar ? null : Expressions.TypeOf(type);
        if (variable.Initializer is not { } initializer) return Expressions.Declare(variable.Identifier, declared);

        var value = initializer.Value is InitializerExpressionSyntax list
            ? Residual.Of(Expressions.Text(list))
            : Expressions.ConvertTo(Expressions.Of(initializer.Value), type);
        if (value.Known is not null && (node.IsConst || IsNeverChanged(variable, value)))
        {
            body.Bindings.Set(variable.Identifier.ValueText, Binding.Of(node.IsConst ? value : value.AsVariable()));
            return null;
        }

        var gap = body.Gap(initializer.EqualsToken.Span.End, initializer.Value.SpanStart);
        var text = ExpressionSpecializer.TextFor(value, declared);
        return Expressions.Declare(variable.Identifier, declared ?? value.Type) + " =" + (gap.Length == 0 ? " " : gap) + text;
    }

    /// <summary>A number that a local keeps from its declaration on is a constant; named floats stay, they are easier to read.</summary>
    private bool IsNeverChanged(VariableDeclaratorSyntax variable, Residual value) =>
        value.Constant is not FloatingConstant && !body.Mutated.Contains(variable.Identifier.ValueText);

    private InvocationExpressionSyntax? StaticArrayOf(VariableDeclaratorSyntax variable) =>
        variable.Initializer?.Value is InvocationExpressionSyntax
        {
            Expression: MemberAccessExpressionSyntax { Name: GenericNameSyntax { Identifier.ValueText: "Array", TypeArgumentList.Arguments.Count: 1 } } access,
            ArgumentList.Arguments.Count: 1 or 2,
        }
        creation && Expressions.IsStaticVocabulary(access.Expression) ? creation : null;

    private void DeclareArray(LocalDeclarationStatementSyntax node, VariableDeclaratorSyntax variable, InvocationExpressionSyntax creation, List<OutputStatement> into)
    {
        var arguments = creation.ArgumentList.Arguments;
        var extents = new int[arguments.Count];
        long count = 1;
        for (var i = 0; i < extents.Length; i++)
        {
            var extent = ConstantInt(arguments[i].Expression);
            if (extent is null or < 0)
            {
                if (extent < 0) body.Report(ProblemIds.BoundNotConstant, $"the static array {variable.Identifier.Text} has the negative extent {extent}", arguments[i]);
                else ReportBound($"the extent of the static array {variable.Identifier.Text}", arguments[i]);
                extent = 0;
            }

            extents[i] = extent.Value;
            count *= extent.Value;
        }

        if (count > MostElements)
        {
            body.Report(ProblemIds.Limit, $"the static array {variable.Identifier.Text} has {count} elements; at most {MostElements} become locals", creation);
            extents = new int[extents.Length];
        }

        var type = ((GenericNameSyntax)((MemberAccessExpressionSyntax)creation.Expression).Name).TypeArgumentList.Arguments[0];
        var array = new StaticArray(variable.Identifier.ValueText, Expressions.TypeOf(type), extents, body.Names);
        body.Bindings.Set(variable.Identifier.ValueText, Binding.Of(array));
        foreach (var element in array.Elements)
        {
            Session.CountStatement(body.File, node.SpanStart);
            into.Add(new OutputStatement(element.Declaration) { Element = element, NeedsBlock = true });
        }
    }

    /// <summary>The value of an expression that is an <c>int</c> known at specialisation.</summary>
    private int? ConstantInt(ExpressionSyntax expression) =>
        Expressions.Of(expression).Constant is IntegralConstant constant && Primitive.Int32.Holds(constant.Value) ? (int)constant.Value : null;

    private void ReportBound(string what, SyntaxNode node) =>
        body.Report(ProblemIds.BoundNotConstant, $"{what}, {node}, is not known at specialisation", node);
}
