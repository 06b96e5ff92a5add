using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Finds the class that the files of a template declare.</summary>
internal static class TemplateParts
{
    private const string Marker = "KernelTemplate";

    /// <summary>All parts of the class whose first part carries <c>[KernelTemplate]</c>, in file order.</summary>
    public static IReadOnlyList<(TemplateFile File, ClassDeclarationSyntax Syntax)> Find(TemplateFile[] files, ProblemList problems)
    {
        if (problems.Count > 0) return [];
        var classes = new List<(TemplateFile File, ClassDeclarationSyntax Syntax)>();
        foreach (var file in files)
            Collect(file, file.Root.Members, classes);
        var marked = classes.FindIndex(part => IsMarked(part.Syntax));
        if (marked < 0)
        {
            problems.Add(ProblemIds.Malformed, "no class carries [KernelTemplate]", files[0], 0);
            return [];
        }

        var template = classes[marked].Syntax;
        foreach (var (file, part) in classes)
        {
            if (IsMarked(part) && !SameClass(part, template))
                problems.Add(ProblemIds.Malformed, $"the files declare two templates: {template.Identifier.ValueText} and {part.Identifier.ValueText}", file, part.Identifier.SpanStart);
        }

        return classes.Where(part => SameClass(part.Syntax, template)).ToArray();
    }

    private static bool SameClass(ClassDeclarationSyntax left, ClassDeclarationSyntax right) =>
        left.Identifier.ValueText == right.Identifier.ValueText && left.Arity == right.Arity;

    private static bool IsMarked(ClassDeclarationSyntax declaration) => declaration.AttributeLists.Contains(Marker);

    private static void Collect(TemplateFile file, IEnumerable<MemberDeclarationSyntax> members, List<(TemplateFile, ClassDeclarationSyntax)> classes)
    {
        foreach (var member in members)
        {
            if (member is BaseNamespaceDeclarationSyntax space) Collect(file, space.Members, classes);
            else if (member is ClassDeclarationSyntax declaration) classes.Add((file, declaration));
        }
    }
}
