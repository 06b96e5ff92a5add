using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>The attributes of the template language, recognised by name.</summary>
internal static class TemplateAttributes
{
    /// <summary>Whether the lists have <c>[name]</c> or <c>[nameAttribute]</c>, qualified or not.</summary>
    public static bool Contains(this SyntaxList<AttributeListSyntax> lists, string name)
    {
        foreach (var list in lists)
        foreach (var attribute in list.Attributes)
            if (Is(attribute, name)) return true;
        return false;
    }

    public static bool IsSpecialized(this SyntaxList<AttributeListSyntax> lists) => lists.Contains("Specialize");

    /// <summary>Whether the attribute belongs to the template language and has no place in specialised code.</summary>
    public static bool IsOwn(AttributeSyntax attribute) => Is(attribute, "Specialize") || Is(attribute, "KernelTemplate");

    private static bool Is(AttributeSyntax attribute, string name)
    {
        var text = attribute.Name switch
        {
            SimpleNameSyntax simple => simple.Identifier.ValueText,
            QualifiedNameSyntax qualified => qualified.Right.Identifier.ValueText,
            AliasQualifiedNameSyntax alias => alias.Name.Identifier.ValueText,
            _ => "",
        };
        return text == name || (text.Length == name.Length + 9 && text.StartsWith(name, StringComparison.Ordinal) && text.EndsWith("Attribute", StringComparison.Ordinal));
    }
}
