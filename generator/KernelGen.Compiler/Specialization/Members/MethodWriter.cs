using KernelGen.Compiler.Emission;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Writes one instance of a method.</summary>
internal sealed class MethodWriter
{
    private readonly HelperInstance _instance;
    private readonly TemplateMethod _method;
    private readonly Body _body;

    public MethodWriter(Session session, HelperInstance instance)
    {
        _instance = instance;
        _method = instance.Method;
        _body = new Body(session, _method.File, _method.Mutated);
    }

    /// <summary>The method with its comments and attributes, at column 0.</summary>
    public string Write()
    {
        var syntax = _method.Syntax;
        _instance.BindTypes(_body.Bindings);
        var writer = new CodeWriter();
        foreach (var comment in Comments.Before(syntax.GetFirstToken(), _method.File).Lines ?? [])
            if (Documentation(comment) is { } line) writer.Line(line);
        foreach (var list in syntax.AttributeLists)
        {
            var attributes = _body.Expressions.AttributesText(list);
            if (attributes.Length > 0) writer.Line(attributes);
        }

        var header = _body.Relative(Header(), syntax.Modifiers.Count > 0 ? syntax.Modifiers[0].SpanStart : syntax.ReturnType.SpanStart);
        if (syntax.Body is { } block)
        {
            writer.Line(header);
            using (writer.OpenBlock()) OutputStatement.Write(_body.Statements.MethodBlock(block), writer);
        }
        else if (syntax.ExpressionBody is { } arrow)
        {
            writer.Line(header + _body.Relative(_body.Expressions.ArrowText(syntax.ParameterList, arrow), syntax.SpanStart) + ";");
        }
        else
        {
            writer.Line(header + ";");
        }

        return writer.ToString();
    }

    private string Header()
    {
        var syntax = _method.Syntax;
        var modifiers = string.Concat(syntax.Modifiers.Select(modifier => modifier.Text + " "));
        return modifiers + _body.Expressions.TypeText(syntax.ReturnType) + " " + _instance.Name + TypeParameters() + Parameters() + Constraints();
    }

    private string TypeParameters()
    {
        var kept = _method.TypeParameters.Where((_, i) => !_method.IsTypeSpecialized[i]).Select(_body.Expressions.Text).ToArray();
        return kept.Length == 0 ? "" : "<" + string.Join(", ", kept) + ">";
    }

    private string Constraints() => string.Concat(_method.Syntax.ConstraintClauses
        .Where(clause => !Array.Exists(_method.TypeParameters, parameter => IsSpecialized(parameter) && parameter.Identifier.ValueText == clause.Name.Identifier.ValueText))
        .Select(clause => " " + _body.Expressions.Text(clause)));

    private static bool IsSpecialized(TypeParameterSyntax parameter) => parameter.AttributeLists.IsSpecialized();

    private string Parameters()
    {
        var list = _method.Syntax.ParameterList;
        var text = "(";
        var previous = list.OpenParenToken;
        for (var i = 0; i < _method.Parameters.Length; i++)
        {
            var parameter = _method.Parameters[i];
            if (_instance.Values[i] is { } known)
            {
                _body.Bindings.Set(parameter.Identifier.ValueText, Binding.Of(Residual.Of(known.Value, known.IsVariable)));
            }
            else
            {
                var gap = _body.Gap(previous.Span.End, parameter.SpanStart);
                if (text.Length > 1) text += ",";
                text += gap.IndexOf('\n') >= 0 ? gap : text.Length > 1 ? " " : "";
                text += _body.Expressions.Text(parameter);
            }

            if (i < list.Parameters.SeparatorCount) previous = list.Parameters.GetSeparator(i);
        }

        return text + ")";
    }

    /// <summary>A comment line in which the parameters that specialisation removed are replaced by what they are; null for the line that describes one.</summary>
    private string? Documentation(string comment)
    {
        if (!comment.StartsWith("///", StringComparison.Ordinal)) return comment;
        for (var i = 0; i < _method.Parameters.Length; i++)
        {
            if (_instance.Values[i] is not { } known) continue;
            var name = _method.Parameters[i].Identifier.ValueText;
            if (comment.Contains($"<param name=\"{name}\"")) return null;
            comment = comment.Replace($"<paramref name=\"{name}\"/>", ConstantPrinter.Print(known.Value).Text);
        }

        for (var i = 0; i < _method.TypeParameters.Length; i++)
        {
            if (_instance.Types[i] is not { } type) continue;
            var name = _method.TypeParameters[i].Identifier.ValueText;
            if (comment.Contains($"<typeparam name=\"{name}\"")) return null;
            comment = ReplaceType(comment, name, type);
        }

        foreach (var type in _body.Session.Types) comment = ReplaceType(comment, type.Key, type.Value);
        return comment;
    }

    private static string ReplaceType(string comment, string parameter, string type) =>
        comment.Replace($"<typeparamref name=\"{parameter}\"/>", "<c>" + type.Replace("<", "&lt;") + "</c>");
}
