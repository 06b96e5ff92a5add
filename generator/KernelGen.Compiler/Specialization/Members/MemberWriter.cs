using System.Text;
using KernelGen.Compiler.Emission;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Writes the members that are not methods of the template: fields, properties, nested types with all they contain.</summary>
internal sealed class MemberWriter(Session session, TemplateFile file)
{
    /// <summary>Members that nothing can name, and so are always kept: constructors, operators.</summary>
    public static bool IsNameless(MemberDeclarationSyntax syntax) => syntax is
        BaseMethodDeclarationSyntax and not MethodDeclarationSyntax or IndexerDeclarationSyntax;

    /// <summary>The member with its comments, at column 0.</summary>
    public string Write(TemplateMember member)
    {
        var body = new Body(session, file, MutatedNames.In(member.Syntax));
        if (member is TemplateConst constant) return WriteConst(constant, body);
        var writer = new CodeWriter();
        Write(member.Syntax, body, writer);
        return writer.ToString();
    }

    /// <summary>A constant that could not be folded, such as a string.</summary>
    private static string WriteConst(TemplateConst constant, Body body)
    {
        var writer = new CodeWriter();
        var field = constant.Field;
        WriteComments(field, body, writer);
        var modifiers = string.Concat(field.Modifiers.Select(modifier => modifier.Text + " "));
        var value = constant.Variable.Initializer is { } initializer ? " = " + body.Expressions.Of(initializer.Value).Text : "";
        writer.Line(body.Relative($"{modifiers}{body.Expressions.TypeText(field.Declaration.Type)} {constant.Variable.Identifier.Text}{value};", field.SpanStart));
        return writer.ToString();
    }

    private static void Write(MemberDeclarationSyntax syntax, Body body, CodeWriter writer)
    {
        WriteComments(syntax, body, writer);
        foreach (var list in syntax.AttributeLists)
        {
            var attributes = body.Expressions.AttributesText(list);
            if (attributes.Length > 0) writer.Line(attributes);
        }

        if (syntax is TypeDeclarationSyntax type) WriteType(type, body, writer);
        else body.Expressions.InOwnScope(() => WritePlain(syntax, body, writer));
    }

    private static void WriteComments(SyntaxNode syntax, Body body, CodeWriter writer)
    {
        foreach (var comment in Comments.Before(syntax.GetFirstToken(), body.File).Lines ?? []) writer.Line(comment);
    }

    /// <summary>A nested type; names that its own members take no longer mean the template's.</summary>
    private static void WriteType(TypeDeclarationSyntax type, Body body, CodeWriter writer)
    {
        if (type.OpenBraceToken.RawKind == 0 || type.OpenBraceToken.IsMissing)
        {
            WritePlain(type, body, writer);
            return;
        }

        body.Expressions.InOwnScope(() =>
        {
            foreach (var parameter in type.TypeParameterList?.Parameters ?? [])
                body.Bindings.Set(parameter.Identifier.ValueText, Binding.OfType(parameter.Identifier.Text));
            foreach (var name in type.Members.SelectMany(NamesOf)) body.Bindings.Set(name, Binding.Local(name));
            writer.Line(body.Relative(Tokens(type, body, node => node != type.OpenBraceToken && node.AsNode() is not AttributeListSyntax), type.SpanStart));
            using (writer.OpenBlock())
            {
                MemberDeclarationSyntax? previous = null;
                foreach (var member in type.Members)
                {
                    if (previous is not null && Comments.Before(member.GetFirstToken(), body.File).BlankBefore) writer.Line();
                    Write(member, body, writer);
                    previous = member;
                }
            }
        });
    }

    /// <summary>A member of any other kind; blocks become specialised blocks.</summary>
    private static void WritePlain(MemberDeclarationSyntax syntax, Body body, CodeWriter writer)
    {
        var text = Tokens(syntax, body, node => node.AsNode() is not AttributeListSyntax);
        var start = syntax.ChildNodesAndTokens().FirstOrDefault(node => node.AsNode() is not AttributeListSyntax);
        writer.Line(body.Relative(text, start.SpanStart));
    }

    /// <summary>The leading children of a node for which the condition holds, in order.</summary>
    private static string Tokens(SyntaxNode node, Body body, Func<SyntaxNodeOrToken, bool> isPart)
    {
        var text = new StringBuilder();
        var end = -1;
        foreach (var child in node.ChildNodesAndTokens())
        {
            if (child.AsNode() is AttributeListSyntax) continue;
            if (!isPart(child)) break;
            var part = child.AsNode() is { } inner ? body.Expressions.Text(inner) : ExpressionSpecializer.TokenText(child.AsToken());
            if (part.Length == 0) continue;
            if (end >= 0) text.Append(body.Gap(end, child.SpanStart));
            text.Append(part);
            end = child.Span.End;
        }

        return text.ToString();
    }

    private static IEnumerable<string> NamesOf(MemberDeclarationSyntax member) => member switch
    {
        BaseFieldDeclarationSyntax field => field.Declaration.Variables.Select(variable => variable.Identifier.ValueText),
        MethodDeclarationSyntax method => [method.Identifier.ValueText],
        PropertyDeclarationSyntax property => [property.Identifier.ValueText],
        BaseTypeDeclarationSyntax type => [type.Identifier.ValueText],
        _ => [],
    };
}
