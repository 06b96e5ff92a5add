using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>A member of the template class.</summary>
internal class TemplateMember(MemberDeclarationSyntax syntax, TemplateFile file)
{
    public MemberDeclarationSyntax Syntax { get; } = syntax;

    public TemplateFile File { get; } = file;

    /// <summary>Public and internal members are the surface of the kernel; private ones are emitted when something uses them.</summary>
    public bool IsExposed => IsExposedBy(Syntax.Modifiers);

    /// <summary>The declared type of a field or property.</summary>
    public TypeSyntax? DeclaredType => Syntax switch
    {
        FieldDeclarationSyntax field => field.Declaration.Type,
        PropertyDeclarationSyntax property => property.Type,
        _ => null,
    };

    protected static bool IsExposedBy(SyntaxTokenList modifiers) =>
        modifiers.Any(SyntaxKind.PublicKeyword) || modifiers.Any(SyntaxKind.InternalKeyword);
}

/// <summary>One constant of the class.</summary>
internal sealed class TemplateConst(FieldDeclarationSyntax field, VariableDeclaratorSyntax variable, TemplateFile file) : TemplateMember(field, file)
{
    public FieldDeclarationSyntax Field { get; } = field;

    public VariableDeclaratorSyntax Variable { get; } = variable;

    public string Name => Variable.Identifier.ValueText;

    /// <summary>Whether the request gives the value.</summary>
    public bool IsSpecialized { get; } = field.AttributeLists.IsSpecialized();
}

/// <summary>A method of the class.</summary>
internal sealed class TemplateMethod : TemplateMember
{
    private readonly Lazy<HashSet<string>> _mutated;

    public TemplateMethod(MethodDeclarationSyntax syntax, TemplateFile file)
        : base(syntax, file)
    {
        Syntax = syntax;
        Parameters = syntax.ParameterList.Parameters.ToArray();
        IsSpecialized = Parameters.Select(parameter => parameter.AttributeLists.IsSpecialized()).ToArray();
        TypeParameters = (syntax.TypeParameterList?.Parameters ?? []).ToArray();
        IsTypeSpecialized = TypeParameters.Select(parameter => parameter.AttributeLists.IsSpecialized()).ToArray();
        HasSpecialized = IsSpecialized.Contains(true) || IsTypeSpecialized.Contains(true);
        _mutated = new Lazy<HashSet<string>>(() => MutatedNames.In(syntax));
    }

    public new MethodDeclarationSyntax Syntax { get; }

    public string Name => Syntax.Identifier.ValueText;

    public ParameterSyntax[] Parameters { get; }

    public bool[] IsSpecialized { get; }

    public TypeParameterSyntax[] TypeParameters { get; }

    public bool[] IsTypeSpecialized { get; }

    /// <summary>Whether any parameter or type parameter is specialised.</summary>
    public bool HasSpecialized { get; }

    /// <summary>Names that the body assigns or takes the address of: such a local is no constant.</summary>
    public HashSet<string> Mutated => _mutated.Value;

    /// <summary>A method to start from. One with specialised parameters has no callable form of its own.</summary>
    public static bool IsEntry(MethodDeclarationSyntax method) =>
        IsExposedBy(method.Modifiers)
        && !method.ParameterList.Parameters.Any(parameter => parameter.AttributeLists.IsSpecialized())
        && !(method.TypeParameterList?.Parameters.Any(parameter => parameter.AttributeLists.IsSpecialized()) ?? false);

    /// <summary>Whether a call with this many arguments can mean the method.</summary>
    public bool Accepts(int arguments)
    {
        if (arguments > Parameters.Length)
            return Parameters.Length > 0 && Parameters[Parameters.Length - 1].Modifiers.Any(SyntaxKind.ParamsKeyword);
        for (var i = arguments; i < Parameters.Length; i++)
            if (Parameters[i].Default is null && !Parameters[i].Modifiers.Any(SyntaxKind.ParamsKeyword)) return false;
        return true;
    }
}
