using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <content>Calls, arguments and element access.</content>
internal sealed partial class ExpressionSpecializer
{
    /// <inheritdoc/>
    public override Residual VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        if (node.Expression is IdentifierNameSyntax { Identifier.ValueText: "nameof" } && node.ArgumentList.Arguments.Count == 1)
            return Residual.Of(NameOf(node.ArgumentList.Arguments[0].Expression), isPure: true);
        if (HelpersOf(node.Expression) is { Count: > 0 } helpers) return HelperCall(node, helpers);
        if (node.Expression is MemberAccessExpressionSyntax access && ArrayOf(access.Expression) is { } array) return ArrayCall(node, access, array);

        var target = Of(node.Expression);
        var arguments = node.ArgumentList.Arguments.Select(argument => Of(argument.Expression)).ToArray();
        if (Intrinsic(node.Expression, arguments) is { } value) return Residual.Of(value, isVariable: true);
        return Residual.Of(target.At(Precedence.Primary) + ArgumentsText(node.ArgumentList, arguments), Precedence.Primary, IntrinsicType(node.Expression, arguments));
    }

    /// <inheritdoc/>
    public override Residual VisitElementAccessExpression(ElementAccessExpressionSyntax node)
    {
        if (ArrayOf(node.Expression) is { } array) return Element(node, array);
        var target = Of(node.Expression);
        var arguments = node.ArgumentList.Arguments;
        var indices = arguments.Select(argument => Of(argument.Expression)).ToArray();
        if (target.Type is { IsPointer: true } && indices.Length == 1 && indices[0].Constant is IntegralConstant index && index.Type.IsNative())
            indices[0] = Residual.Of(ConstantPrinter.Plain(index), index.Value.Sign < 0 ? Precedence.Unary : Precedence.Primary);
        if (target.Type is { IsPointer: true } && indices.Length == 1 && indices[0].Narrow is { } offset) indices[0] = offset;
        var isRange = arguments.Any(argument => argument.Expression is RangeExpressionSyntax);
        var text = "[" + string.Join(", ", indices.Select((value, i) => ArgumentText(arguments[i], value))) + "]";
        return Residual.Of(target.At(Precedence.Primary) + text, Precedence.Primary, isRange ? target.Type : target.Type?.Element);
    }

    /// <summary>An argument with its name and <c>ref</c>, <c>out</c> or <c>in</c>.</summary>
    private string ArgumentText(ArgumentSyntax argument, Residual value)
    {
        var name = argument.NameColon is null ? "" : argument.NameColon.Name.Identifier.Text + ": ";
        if (argument.RefKindKeyword.RawKind == 0) return name + value.Text;
        if (value.Known is null) return name + argument.RefKindKeyword.Text + " " + value.Text;
        if (!argument.RefKindKeyword.IsKind(SyntaxKind.InKeyword)) RejectKnown(value, argument);
        return name + value.Text;
    }

    /// <summary>The argument list; arguments whose value is null are left out.</summary>
    private string ArgumentsText(ArgumentListSyntax list, IReadOnlyList<Residual?> values)
    {
        var text = "(";
        var previous = list.OpenParenToken;
        var isFirst = true;
        for (var i = 0; i < list.Arguments.Count; i++)
        {
            var argument = list.Arguments[i];
            if (values[i] is { } value)
            {
                var gap = body.Gap(previous.Span.End, argument.SpanStart);
                if (!isFirst) text += gap.IndexOf('\n') < 0 ? ", " : "," + gap;
                else if (gap.IndexOf('\n') >= 0) text += gap;
                text += ArgumentText(argument, value);
                isFirst = false;
            }

            if (i < list.Arguments.SeparatorCount) previous = list.Arguments.GetSeparator(i);
        }

        return text + ")";
    }

    /// <summary>The template's methods that a call's target names.</summary>
    private IReadOnlyList<TemplateMethod> HelpersOf(ExpressionSyntax target)
    {
        if (target is MemberAccessExpressionSyntax access && IsTemplateClass(access.Expression)) target = access.Name;
        else if (target is SimpleNameSyntax simple && body.Bindings.Find(simple.Identifier.ValueText) is not null) return [];
        return target is SimpleNameSyntax name ? Session.Template.Members.MethodsOf(name.Identifier.ValueText) : [];
    }

    private Residual HelperCall(InvocationExpressionSyntax node, IReadOnlyList<TemplateMethod> overloads)
    {
        var candidates = overloads.Where(method => method.Accepts(node.ArgumentList.Arguments.Count)).ToArray();
        var arguments = node.ArgumentList.Arguments.Select(argument => Of(argument.Expression)).ToArray();
        var target = node.Expression is MemberAccessExpressionSyntax access ? access.Name : (SimpleNameSyntax)node.Expression;
        if (candidates.Length > 1 && candidates.Any(method => method.HasSpecialized)) candidates = new HelperBinder(body, candidates).Applicable(node, arguments);
        if (candidates.Any(method => method.HasSpecialized))
        {
            if (candidates.Length == 1) return new HelperBinder(body, candidates).Bind(node, target, arguments) is { } bound
                ? Residual.Of(bound.Instance.Name + bound.TypeArguments + ArgumentsText(node.ArgumentList, bound.Arguments), Precedence.Primary, Session.Helpers.ReturnTypeOf(bound.Instance))
                : Residual.Of("default");
            body.Report(ProblemIds.HelperCall, $"several overloads of {target.Identifier.ValueText} have specialised parameters and can be meant here; give them different names", node);
            return Residual.Of("default");
        }

        if (candidates.Length == 0)
            body.Report(ProblemIds.HelperCall, $"no overload of {target.Identifier.ValueText} takes {node.ArgumentList.Arguments.Count} arguments", node);
        var types = candidates.Select(method => Session.Helpers.ReturnTypeOf(Session.Helpers.Get(method)).Text).Distinct().ToArray();
        var text = SimpleNameText(target) + ArgumentsText(node.ArgumentList, arguments);
        var isKnownType = types.Length == 1 && candidates.All(method => method.TypeParameters.Length == 0);
        return Residual.Of(text, Precedence.Primary, isKnownType ? TypeRef.Of(types[0]) : null);
    }

    /// <summary>A method used as a value: <c>&amp;Helper</c>, <c>&amp;Helper&lt;float&gt;</c>, or a delegate.</summary>
    private Residual MethodGroup(SimpleNameSyntax node)
    {
        var methods = Session.Template.Members.MethodsOf(node.Identifier.ValueText);
        if (methods.Count == 1 && methods[0] is { HasSpecialized: true } helper)
        {
            if (new HelperBinder(body, methods).BindGroup(node, helper) is { } bound) return Residual.Of(bound);
            body.Report(ProblemIds.HelperCall, $"{helper.Name} has specialised parameters; as a method group it has no values for them", node);
            return Residual.Of("default");
        }

        foreach (var method in methods)
            if (!method.HasSpecialized) Session.Helpers.Get(method);
        return Residual.Of(SimpleNameText(node), isPure: true);
    }

    private Residual Element(ElementAccessExpressionSyntax node, StaticArray array)
    {
        var indices = new List<long>();
        foreach (var argument in node.ArgumentList.Arguments)
        {
            var index = Of(argument.Expression);
            if (index.Constant is IntegralConstant constant)
            {
                indices.Add(Primitive.Int64.Holds(constant.Value) ? (long)constant.Value : -1);
                continue;
            }

            body.Report(ProblemIds.IndexNotConstant, $"the index {index.Text} of the static array {array.Name} is not known at specialisation", argument);
            return array.Elements.Count > 0 ? array.Elements[0].Residual : Residual.Of("default");
        }

        if (array.At(indices) is { } element)
        {
            if (Session.Probing == 0) element.Uses++;
            return element.Residual;
        }

        body.Report(
            ProblemIds.IndexOutOfRange,
            $"{array.Name}[{string.Join(", ", indices)}] lies outside the static array's extent [{string.Join(", ", array.Extents)}]",
            node);
        return Residual.Of("default");
    }

    private Residual ArrayCall(InvocationExpressionSyntax node, MemberAccessExpressionSyntax access, StaticArray array)
    {
        if (access.Name.Identifier.ValueText == "GetLength" && node.ArgumentList.Arguments.Count == 1
            && Of(node.ArgumentList.Arguments[0].Expression).Constant is IntegralConstant dimension
            && dimension.Value >= 0 && dimension.Value < array.Extents.Length)
            return Residual.Of(ConstantValue.From(array.Extents[(int)dimension.Value]), isVariable: true);
        return Misuse(node, $"the static array {array.Name} is used as a whole; only its elements exist in specialised code");
    }

    /// <summary>The type of <c>Math.Min</c> and <c>Math.Max</c>, which is that of arithmetic.</summary>
    private static TypeRef? IntrinsicType(ExpressionSyntax target, IReadOnlyList<Residual> arguments)
    {
        if (target is not MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.ValueText: "Math" }, Name.Identifier.ValueText: "Min" or "Max" }) return null;
        if (arguments.Count != 2 || Primitives.PromoteUnary(arguments[0].Primitive) != arguments[0].Primitive || Primitives.PromoteUnary(arguments[1].Primitive) != arguments[1].Primitive) return null;
        return TypeRef.OfOrNull(ConstantFolder.Promote(arguments[0].Primitive, arguments[0].Known, arguments[1].Primitive, arguments[1].Known));
    }

    private static ConstantValue? Intrinsic(ExpressionSyntax target, IReadOnlyList<Residual> arguments)
    {
        if (target is not MemberAccessExpressionSyntax { Name: IdentifierNameSyntax method } access) return null;
        var type = access.Expression switch
        {
            IdentifierNameSyntax name => name.Identifier.ValueText,
            MemberAccessExpressionSyntax qualified => qualified.Name.Identifier.ValueText,
            _ => "",
        };
        if (type is not ("Math" or "BitOperations") || arguments.Count == 0 || arguments.Any(argument => argument.Known is null)) return null;
        return IntrinsicFolder.TryFold(type, method.Identifier.ValueText, arguments.Select(argument => argument.Known!.Value).ToArray());
    }

    private static string NameOf(ExpressionSyntax expression) => expression switch
    {
        MemberAccessExpressionSyntax access => NameOf(access.Name),
        QualifiedNameSyntax qualified => NameOf(qualified.Right),
        SimpleNameSyntax simple => "\"" + simple.Identifier.ValueText + "\"",
        _ => "\"" + expression + "\"",
    };
}
