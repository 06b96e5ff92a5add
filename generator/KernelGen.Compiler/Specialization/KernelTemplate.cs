using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>A parsed template: one static class, possibly partial over several files. Immutable; parse once, specialise often.</summary>
public sealed class KernelTemplate
{
    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, DocumentationMode.None);

    private KernelTemplate(TemplateFile[] files, ProblemList problems)
    {
        Files = files;
        foreach (var file in files)
        foreach (var type in file.Root.DescendantNodes(static node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax or TypeDeclarationSyntax))
        {
            if (type is EnumDeclarationSyntax declaration) Enums[declaration.Identifier.ValueText] = TemplateEnums.Read(declaration, Enums);
        }

        var parts = TemplateParts.Find(files, problems);
        Declaration = parts.Count == 0 ? null : parts[0].Syntax;
        Location = parts.Count == 0 ? files[0].LocationOf(0) : parts[0].File.LocationOf(parts[0].Syntax.Identifier.SpanStart);
        if (problems.Count == 0) Members = new TemplateMembers(parts, problems);
        foreach (var file in files) file.CollectIdentifiers(Identifiers);
        Problems = problems.ToArray();
    }

    internal TemplateFile[] Files { get; }

    /// <summary>The first part of the class; null when there are problems.</summary>
    internal ClassDeclarationSyntax? Declaration { get; }

    internal (string Path, int Line, int Column) Location { get; }

    internal string ClassName => Declaration!.Identifier.ValueText;

    internal TemplateMembers Members { get; } = TemplateMembers.Empty;

    /// <summary>Enumerations that the template's files declare, by simple name.</summary>
    internal Dictionary<string, EnumType> Enums { get; } = [];

    /// <summary>Every identifier of the files: what a new name must not be.</summary>
    internal HashSet<string> Identifiers { get; } = [];

    /// <summary>What is wrong with the template whatever the request.</summary>
    internal IReadOnlyList<TemplateProblem> Problems { get; }

    /// <summary>Parses the files that together declare the template class.</summary>
    /// <exception cref="ArgumentException">There is no file.</exception>
    public static KernelTemplate Parse(params TemplateSource[] sources)
    {
        if (sources.Length == 0) throw new ArgumentException("a template has at least one file", nameof(sources));
        var problems = new ProblemList();
        var files = new TemplateFile[sources.Length];
        for (var i = 0; i < sources.Length; i++)
        {
            var tree = CSharpSyntaxTree.ParseText(sources[i].Text.Replace("\r\n", "\n"), ParseOptions, sources[i].Path);
            files[i] = new TemplateFile(sources[i].Path, tree);
            foreach (var diagnostic in tree.GetDiagnostics())
            {
                if (diagnostic.Severity != DiagnosticSeverity.Error) continue;
                problems.Add(ProblemIds.Malformed, diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture), files[i], diagnostic.Location.SourceSpan.Start);
            }
        }

        return new KernelTemplate(files, problems);
    }
}

/// <summary>One file of a template.</summary>
/// <param name="Path">Name for diagnostics.</param>
/// <param name="Text">The C# text.</param>
public sealed record TemplateSource(string Path, string Text);
