using System.Text;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>A method of the template for one choice of its specialised parameters.</summary>
internal sealed class HelperInstance(TemplateMethod method, string name, Known?[] values, string?[] types)
{
    public TemplateMethod Method { get; } = method;

    public string Name { get; } = name;

    /// <summary>For each parameter its known value, null for the parameters that remain.</summary>
    public Known?[] Values { get; } = values;

    /// <summary>For each type parameter its type, null for those that remain.</summary>
    public string?[] Types { get; } = types;

    /// <summary>The type that it returns, once it was asked for.</summary>
    public TypeRef? ReturnType { get; set; }

    /// <summary>The declaration, once it is written.</summary>
    public string? Text { get; set; }

    /// <summary>Binds the specialised type parameters in a body.</summary>
    public void BindTypes(Bindings bindings)
    {
        for (var i = 0; i < Types.Length; i++)
        {
            var name = Method.TypeParameters[i].Identifier.ValueText;
            bindings.Set(name, Binding.OfType(Types[i] ?? name));
        }
    }
}

/// <summary>The methods that specialised code reaches, one for each distinct choice of specialised arguments.</summary>
internal sealed class HelperInstances(Session session)
{
    private const int Most = 1000;

    private readonly Dictionary<string, HelperInstance> _byKey = [];
    private readonly HashSet<string> _names = [];
    private readonly Queue<HelperInstance> _pending = new();
    private readonly Dictionary<TemplateMethod, List<HelperInstance>> _byMethod = [];

    /// <summary>The instances of a method, in the order of their first use.</summary>
    public IReadOnlyList<HelperInstance> Of(TemplateMethod method) => _byMethod.TryGetValue(method, out var instances) ? instances : [];

    /// <summary>The next instance whose body is still to be written; null when all are.</summary>
    public HelperInstance? NextPending() => _pending.Count == 0 ? null : _pending.Dequeue();

    /// <summary>The instance of a method without specialised parameters.</summary>
    public HelperInstance Get(TemplateMethod method) =>
        Get(method, new Known?[method.Parameters.Length], new string?[method.TypeParameters.Length]);

    /// <summary>The instance for these values and types, made on its first use.</summary>
    public HelperInstance Get(TemplateMethod method, Known?[] values, string?[] types)
    {
        if (session.Probing > 0) return new HelperInstance(method, method.Name, values, types);
        var suffix = Suffix(values, types);
        var key = method.Syntax.SpanStart + method.File.Path + Exact(values) + string.Join(",", types);
        if (_byKey.TryGetValue(key, out var instance)) return instance;
        if (_byKey.Count == Most)
        {
            session.Problems.Add(ProblemIds.Limit, $"the template needs more than {Most} instances of its methods", method.File, method.Syntax.Identifier.SpanStart);
            throw new SpecializationLimitException();
        }

        instance = new HelperInstance(method, method.HasSpecialized ? NewName(method.Name + suffix) : method.Name, values, types);
        _byKey.Add(key, instance);
        if (!_byMethod.TryGetValue(method, out var instances)) _byMethod[method] = instances = [];
        instances.Add(instance);
        _pending.Enqueue(instance);
        return instance;
    }

    /// <summary>The type that an instance returns.</summary>
    public TypeRef ReturnTypeOf(HelperInstance instance)
    {
        if (instance.ReturnType is { } known) return known;
        var body = new Body(session, instance.Method.File);
        instance.BindTypes(body.Bindings);
        return instance.ReturnType = body.Expressions.TypeOf(instance.Method.Syntax.ReturnType);
    }

    private static string Exact(Known?[] values)
    {
        var text = new StringBuilder();
        foreach (var value in values)
            text.Append('|').Append(value is { } known ? ConstantPrinter.Print(known.Value).Text : "");
        return text.Append('|').ToString();
    }

    /// <summary>The values and types as a part of a name: <c>_6_2_float</c>.</summary>
    private static string Suffix(Known?[] values, string?[] types)
    {
        var text = new StringBuilder();
        foreach (var value in values)
        {
            if (value is not { } known) continue;
            var printed = known.Value switch
            {
                IntegralConstant integer => ConstantPrinter.Plain(integer),
                EnumConstant member => member.Type.MemberOf(member.Value) ?? member.Value.ToString(),
                _ => ConstantPrinter.Print(known.Value).Text,
            };
            Append(text, printed);
        }

        foreach (var type in types)
            if (type is not null) Append(text, type.Substring(type.LastIndexOf('.') + 1));
        return text.ToString();
    }

    private static void Append(StringBuilder text, string value)
    {
        text.Append('_');
        foreach (var character in value.Replace("-", "m"))
            text.Append(char.IsLetterOrDigit(character) || character == '_' ? character : '_');
        while (text[text.Length - 1] == '_') text.Length--;
    }

    private string NewName(string wanted)
    {
        var name = wanted;
        for (var i = 2; session.Template.Identifiers.Contains(name) || !_names.Add(name); i++)
            name = wanted + "_v" + i;
        return name;
    }
}
