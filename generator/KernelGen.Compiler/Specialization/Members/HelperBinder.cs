using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Finds for a call of a helper with specialised parameters the instance that it means.</summary>
internal sealed class HelperBinder(Body body, IReadOnlyList<TemplateMethod> candidates)
{
    /// <summary>A call's instance, its remaining arguments (null where left out) and remaining type arguments.</summary>
    public sealed record BoundCall(HelperInstance Instance, Residual?[] Arguments, string TypeArguments);

    /// <summary>The candidates whose parameter types do not contradict the arguments' known types.</summary>
    public TemplateMethod[] Applicable(InvocationExpressionSyntax node, IReadOnlyList<Residual> arguments)
    {
        var typeArguments = ((node.Expression as GenericNameSyntax)?.TypeArgumentList.Arguments.Count) ?? -1;
        return candidates.Where(method =>
        {
            if (typeArguments >= 0 && method.TypeParameters.Length != typeArguments) return false;
            for (var i = 0; i < arguments.Count; i++)
            {
                var at = ParameterOf(method, node.ArgumentList.Arguments[i], i);
                if (at < 0) return false;
                if (method.IsSpecialized[at] && arguments[i].Known is null) return false;
                if (arguments[i].Type is not { } type || method.TypeParameters.Length > 0 || method.Parameters[at].Type is not { } declared) continue;
                var wanted = body.Expressions.TypeOf(declared);
                if (wanted.IsPointer != type.IsPointer || (wanted.IsPointer && wanted.Text != type.Text)) return false;
                if ((wanted.Primitive == Primitive.None) != (type.Primitive == Primitive.None)) return false;
            }

            return true;
        }).ToArray();
    }

    /// <summary>Binds a call to the only candidate; null after a problem was reported.</summary>
    public BoundCall? Bind(InvocationExpressionSyntax node, SimpleNameSyntax target, Residual[] arguments)
    {
        var method = candidates[0];
        var values = new Known?[method.Parameters.Length];
        var remaining = new Residual?[arguments.Length];
        if (BindTypes(node, target, method, arguments) is not { } types) return null;
        var parameters = new Body(body.Session, method.File);
        new HelperInstance(method, method.Name, values, types).BindTypes(parameters.Bindings);

        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = node.ArgumentList.Arguments[i];
            var at = ParameterOf(method, argument, i);
            if (at < 0)
            {
                body.Report(ProblemIds.HelperCall, $"{method.Name} has no parameter {argument.NameColon!.Name.Identifier.ValueText}", argument);
                return null;
            }

            if (!method.IsSpecialized[at]) remaining[i] = arguments[i];
            else if (arguments[i].Known is null)
            {
                body.Report(ProblemIds.ArgumentNotConstant, $"the argument {arguments[i].Text} for the specialised parameter {NameOf(method, at)} of {method.Name} is not known at specialisation", argument);
                return null;
            }
            else values[at] = Convert(arguments[i], method, at, parameters);
        }

        for (var i = 0; i < values.Length; i++)
        {
            if (!method.IsSpecialized[i] || values[i] is not null) continue;
            if (method.Parameters[i].Default is { } initial) values[i] = Convert(parameters.Expressions.Of(initial.Value), method, i, parameters);
            if (values[i] is not null) continue;
            body.Report(ProblemIds.ArgumentNotConstant, $"the specialised parameter {NameOf(method, i)} of {method.Name} has no value", node);
            return null;
        }

        return new BoundCall(body.Session.Helpers.Get(method, values, types), remaining, RemainingTypes(target, method));
    }

    /// <summary>A method group of a helper whose only specialised parameters are types; null when that is not so.</summary>
    public string? BindGroup(SimpleNameSyntax node, TemplateMethod method)
    {
        if (method.IsSpecialized.Contains(true) || node is not GenericNameSyntax generic) return null;
        if (generic.TypeArgumentList.Arguments.Count != method.TypeParameters.Length) return null;
        var types = generic.TypeArgumentList.Arguments.Select((type, i) => method.IsTypeSpecialized[i] ? body.Expressions.TypeText(type) : null).ToArray();
        return body.Session.Helpers.Get(method, new Known?[method.Parameters.Length], types).Name + RemainingTypes(node, method);
    }

    private static string NameOf(TemplateMethod method, int parameter) => method.Parameters[parameter].Identifier.ValueText;

    private static int ParameterOf(TemplateMethod method, ArgumentSyntax argument, int position)
    {
        if (argument.NameColon is not { } name) return Math.Min(position, method.Parameters.Length - 1);
        return Array.FindIndex(method.Parameters, parameter => parameter.Identifier.ValueText == name.Name.Identifier.ValueText);
    }

    private static Known? Convert(Residual value, TemplateMethod method, int parameter, Body parameters)
    {
        var converted = method.Parameters[parameter].Type is { } type ? parameters.Expressions.ConvertTo(value, type) : value;
        return converted.AsVariable().Known;
    }

    private string RemainingTypes(SimpleNameSyntax target, TemplateMethod method)
    {
        if (target is not GenericNameSyntax generic) return "";
        var kept = generic.TypeArgumentList.Arguments.Where((_, i) => i < method.IsTypeSpecialized.Length && !method.IsTypeSpecialized[i]).Select(body.Expressions.TypeText).ToArray();
        return kept.Length == 0 ? "" : "<" + string.Join(", ", kept) + ">";
    }

    private string?[]? BindTypes(InvocationExpressionSyntax node, SimpleNameSyntax target, TemplateMethod method, Residual[] arguments)
    {
        var types = new string?[method.TypeParameters.Length];
        var given = (target as GenericNameSyntax)?.TypeArgumentList.Arguments;
        if (given is not null && given.Value.Count != types.Length)
        {
            body.Report(ProblemIds.HelperCall, $"{method.Name} has {types.Length} type parameters", target);
            return null;
        }

        for (var i = 0; i < types.Length; i++)
        {
            if (!method.IsTypeSpecialized[i]) continue;
            types[i] = given is not null ? body.Expressions.TypeText(given.Value[i]) : Infer(node, method, i, arguments);
            if (types[i] is not null) continue;
            body.Report(ProblemIds.ArgumentNotConstant, $"the type argument {method.TypeParameters[i].Identifier.ValueText} of {method.Name} cannot be told from the arguments; write it", node);
            return null;
        }

        return types;
    }

    /// <summary>The type argument that makes a parameter's type (<c>T</c>, <c>T*</c>, <c>Vector256&lt;T&gt;</c>) the argument's.</summary>
    private string? Infer(InvocationExpressionSyntax node, TemplateMethod method, int typeParameter, Residual[] arguments)
    {
        var name = method.TypeParameters[typeParameter].Identifier.ValueText;
        for (var i = 0; i < arguments.Length; i++)
        {
            var at = ParameterOf(method, node.ArgumentList.Arguments[i], i);
            if (at < 0 || method.Parameters[at].Type is not { } declared || arguments[i].Type is not { } type) continue;
            var places = declared.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>().Where(use => use.Identifier.ValueText == name).ToArray();
            if (places.Length != 1) continue;
            var pattern = declared.ToString().Replace("Vector256", body.Session.VectorName);
            var start = pattern.IndexOf(name, StringComparison.Ordinal);
            var (prefix, suffix) = (pattern.Substring(0, start), pattern.Substring(start + name.Length));
            if (type.Text.Length > prefix.Length + suffix.Length && type.Text.StartsWith(prefix, StringComparison.Ordinal) && type.Text.EndsWith(suffix, StringComparison.Ordinal))
                return type.Text.Substring(prefix.Length, type.Text.Length - prefix.Length - suffix.Length);
        }

        return null;
    }
}
