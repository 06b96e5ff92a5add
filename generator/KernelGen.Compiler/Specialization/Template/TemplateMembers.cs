using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>The members of a template class, in the order of files and lines.</summary>
internal sealed class TemplateMembers
{
    public static readonly TemplateMembers Empty = new([], new ProblemList());

    private readonly Dictionary<string, List<TemplateMethod>> _methods = [];

    public TemplateMembers(IReadOnlyList<(TemplateFile File, ClassDeclarationSyntax Syntax)> parts, ProblemList problems)
    {
        var entries = 0;
        foreach (var (file, part) in parts)
        {
            foreach (var parameter in part.TypeParameterList?.Parameters ?? [])
                if (!TypeParameters.Contains(parameter.Identifier.ValueText)) TypeParameters.Add(parameter.Identifier.ValueText);
            foreach (var member in part.Members)
            {
                Add(member, file);
                if (member is MethodDeclarationSyntax method && TemplateMethod.IsEntry(method)) entries++;
            }
        }

        if (parts.Count > 0 && entries == 0)
            problems.Add(ProblemIds.Malformed, $"{parts[0].Syntax.Identifier.ValueText} has no public or internal method to specialise", parts[0].File, parts[0].Syntax.Identifier.SpanStart);
    }

    public List<string> TypeParameters { get; } = [];

    /// <summary>All members in order; consts of one declaration come one by one.</summary>
    public List<TemplateMember> All { get; } = [];

    public Dictionary<string, TemplateConst> Consts { get; } = [];

    /// <summary>Fields, properties, events and nested types, by name.</summary>
    public Dictionary<string, TemplateMember> Others { get; } = [];

    public IReadOnlyList<TemplateMethod> MethodsOf(string name) => _methods.TryGetValue(name, out var methods) ? methods : [];

    public bool Has(string name) => _methods.ContainsKey(name) || Consts.ContainsKey(name) || Others.ContainsKey(name);

    private void Add(MemberDeclarationSyntax syntax, TemplateFile file)
    {
        switch (syntax)
        {
            case FieldDeclarationSyntax field when field.Modifiers.Any(SyntaxKind.ConstKeyword):
                foreach (var variable in field.Declaration.Variables)
                {
                    var constant = new TemplateConst(field, variable, file);
                    Consts[variable.Identifier.ValueText] = constant;
                    All.Add(constant);
                }

                break;
            case MethodDeclarationSyntax method:
                var added = new TemplateMethod(method, file);
                if (!_methods.TryGetValue(added.Name, out var overloads)) _methods[added.Name] = overloads = [];
                overloads.Add(added);
                All.Add(added);
                break;
            default:
                var member = new TemplateMember(syntax, file);
                All.Add(member);
                foreach (var name in NamesOf(syntax)) Others[name] = member;
                break;
        }
    }

    private static IEnumerable<string> NamesOf(MemberDeclarationSyntax syntax) => syntax switch
    {
        BaseFieldDeclarationSyntax field => field.Declaration.Variables.Select(variable => variable.Identifier.ValueText),
        PropertyDeclarationSyntax property => [property.Identifier.ValueText],
        BaseTypeDeclarationSyntax type => [type.Identifier.ValueText],
        DelegateDeclarationSyntax type => [type.Identifier.ValueText],
        _ => [],
    };
}
