using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>The using directives that specialised code needs.</summary>
internal static class TemplateUsings
{
    private const string Own = "KernelGen";

    /// <summary>Each directive of the template's files once, as a whole line, in order.</summary>
    public static IReadOnlyList<string> Of(Session session)
    {
        var lines = new List<string>();
        foreach (var file in session.Template.Files)
        {
            var body = new Body(session, file);
            foreach (var directive in file.Root.Usings) Add(lines, Text(directive, body));
            foreach (var space in file.Root.DescendantNodes(static node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax).OfType<BaseNamespaceDeclarationSyntax>())
            {
                foreach (var directive in space.Usings) Add(lines, Text(directive, body));
                // A template of KernelGen sees its names without a directive; specialised code stands in the user's namespace.
                var name = space.Name.ToString();
                if (name == Own || name.StartsWith(Own + ".", StringComparison.Ordinal)) Add(lines, $"using {Own};");
            }
        }

        return lines;
    }

    private static void Add(List<string> lines, string line)
    {
        if (!lines.Contains(line)) lines.Add(line);
    }

    private static string Text(UsingDirectiveSyntax directive, Body body)
    {
        var isStatic = directive.StaticKeyword.RawKind == 0 ? "" : "static ";
        var isUnsafe = directive.UnsafeKeyword.RawKind == 0 ? "" : "unsafe ";
        var alias = directive.Alias is null ? "" : directive.Alias.Name.Identifier.Text + " = ";
        return $"using {isStatic}{isUnsafe}{alias}{body.Expressions.TypeText(directive.NamespaceOrType)};";
    }
}
