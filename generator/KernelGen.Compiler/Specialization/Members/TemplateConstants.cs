using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>The values of a template's constants under one request, each computed when it is first used.</summary>
internal sealed class TemplateConstants(Session session)
{
    private readonly Dictionary<TemplateConst, Residual?> _values = [];

    /// <summary>The constant's value; null when it cannot be folded (a string, an unknown enumeration) and so stays a field.</summary>
    public Residual? ValueOf(TemplateConst constant)
    {
        if (_values.TryGetValue(constant, out var value)) return value;
        _values[constant] = null; // a constant that needs itself
        return _values[constant] = Compute(constant);
    }

    /// <summary>Reports given values that do not suit their constants, used or not.</summary>
    public void CheckGiven()
    {
        foreach (var name in session.Request.Values.Keys) ValueOf(session.Template.Members.Consts[name]);
    }

    private Residual? Compute(TemplateConst constant)
    {
        var body = new Body(session, constant.File);
        var type = constant.Field.Declaration.Type;
        if (constant.IsSpecialized && session.Request.Values.TryGetValue(constant.Name, out var given)) return Given(constant, given, body);
        if (constant.Variable.Initializer is not { } initializer) return null;
        var probing = session.Probing;
        session.Probing = 0; // whoever looks at the value first, an error in it is reported
        var value = body.Expressions.Of(initializer.Value);
        session.Probing = probing;
        return value.Known is null ? null : body.Expressions.ConvertTo(value, type);
    }

    private Residual? Given(TemplateConst constant, ConstantValue given, Body body)
    {
        var type = constant.Field.Declaration.Type;
        if (given is EnumConstant member && TypeRef.SameType(body.Expressions.TypeText(type), member.Type.Name))
        {
            var name = member.Type.MemberOf(member.Value);
            return Residual.Of(given, spelling: name is null ? null : type + "." + name);
        }

        var primitive = Primitives.FromName(body.Expressions.TypeText(type));
        var converted = primitive == Primitive.None ? null : ConstantConversion.Implicit(given, primitive, isVariable: false);
        if (converted is not null) return Residual.Of(converted);
        body.Report(ProblemIds.UnknownInput, $"the value {ConstantPrinter.Print(given).Text} given for {constant.Name} is no {type}", constant.Variable);
        return Residual.Of(given);
    }
}
