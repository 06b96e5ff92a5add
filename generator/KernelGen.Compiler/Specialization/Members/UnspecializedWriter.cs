using System.Text;
using KernelGen.Compiler.Emission;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Writes the template as it stands, with the request's constants, types and vector width filled in and nothing else changed.</summary>
internal sealed class UnspecializedWriter(Session session)
{
    /// <summary>The class declaration.</summary>
    public string Write()
    {
        var writer = new CodeWriter();
        writer.Line($"{session.Request.Modifiers} class {session.Request.ClassName}".TrimStart());
        using (writer.OpenBlock())
        {
            SyntaxNode? previous = null;
            foreach (var member in session.Template.Members.All)
            {
                if (member.Syntax == previous) continue; // a further constant of one declaration
                var isField = previous is FieldDeclarationSyntax && member.Syntax is FieldDeclarationSyntax;
                var (comments, blank) = Comments.Before(member.Syntax.GetFirstToken(), member.File);
                if (previous is not null && (!isField || blank)) writer.Line();
                foreach (var comment in comments ?? []) writer.Line(comment);
                writer.Line(new Body(session, member.File).Relative(Text(member), member.Syntax.SpanStart));
                previous = member.Syntax;
            }
        }

        return writer.ToString().Replace(ExpressionSpecializer.TokenLineBreak, '\n');
    }

    /// <summary>The member's own text with some of its parts replaced.</summary>
    private string Text(TemplateMember member)
    {
        var source = member.File.Text;
        var text = new StringBuilder();
        var end = member.Syntax.SpanStart;
        foreach (var (span, replacement) in Edits(member).OrderBy(edit => edit.Span.Start))
        {
            if (span.Start < end) continue;
            text.Append(source, end, span.Start - end).Append(replacement);
            end = span.End;
        }

        return text.Append(source, end, member.Syntax.Span.End - end).ToString();
    }

    private IEnumerable<(Microsoft.CodeAnalysis.Text.TextSpan Span, string Text)> Edits(TemplateMember member)
    {
        foreach (var list in member.Syntax.DescendantNodes().OfType<AttributeListSyntax>())
        {
            if (!list.Attributes.Any(TemplateAttributes.IsOwn)) continue;
            var kept = list.Attributes.Where(attribute => !TemplateAttributes.IsOwn(attribute)).Select(attribute => attribute.ToString()).ToArray();
            var end = kept.Length > 0 ? list.Span.End : list.GetLastToken().GetNextToken().SpanStart;
            yield return (Microsoft.CodeAnalysis.Text.TextSpan.FromBounds(list.SpanStart, end), kept.Length > 0 ? "[" + string.Join(", ", kept) + "]" : "");
        }

        if (member.Syntax is FieldDeclarationSyntax field)
        {
            foreach (var variable in field.Declaration.Variables)
            {
                if (variable.Initializer is { } initializer && session.Request.Values.ContainsKey(variable.Identifier.ValueText)
                    && session.Template.Members.Consts.TryGetValue(variable.Identifier.ValueText, out var constant)
                    && session.Constants.ValueOf(constant) is { } value)
                    yield return (initializer.Value.Span, ExpressionSpecializer.TextFor(value, value.Type));
            }
        }

        foreach (var token in member.Syntax.DescendantTokens())
        {
            if (token.Text.IndexOf('\n') >= 0)
                yield return (token.Span, ExpressionSpecializer.TokenText(token));
            else if (token.IsKind(SyntaxKind.IdentifierToken) && token.Parent is SimpleNameSyntax name && Renamed(name) is { } renamed)
                yield return (token.Span, renamed);
        }
    }

    private string? Renamed(SimpleNameSyntax name)
    {
        var text = name.Identifier.ValueText;
        if (text == "Vector256") return session.VectorName;
        if (name.Parent is MemberAccessExpressionSyntax access && access.Name == name) return null;
        if (session.Types.TryGetValue(text, out var type)) return type;
        return text == session.Template.ClassName ? session.Request.ClassName : null;
    }
}
