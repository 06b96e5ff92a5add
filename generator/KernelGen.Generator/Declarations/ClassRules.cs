using KernelGen.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Generator.Declarations;

/// <summary>The requirements on a class to which members are added.</summary>
internal static class ClassRules
{
    /// <summary>Checks a class that declares kernels.</summary>
    public static IEnumerable<Finding> Check(INamedTypeSymbol type, CancellationToken cancellation)
    {
        foreach (var finding in CheckShape(type, cancellation)) yield return finding;
        foreach (var member in AddedMembers(type).Where(member => member == type.Name))
            yield return new Finding(Rules.NameTaken, Place(type), $"the class has the same name, '{type.Name}', as a generated method");
    }

    /// <summary>Checks any class to which members are added.</summary>
    public static IEnumerable<Finding> CheckShape(INamedTypeSymbol type, CancellationToken cancellation)
    {
        if (type.IsRecord) yield return Unsupported(type, $"'{type.Name}' is a record; declare kernels on a class that is not a record");
        if (type.IsFileLocal) yield return Unsupported(type, $"'{type.Name}' is file-local, so generated code cannot access it");
        for (var level = type; level is not null; level = level.ContainingType)
        {
            if (level.TypeParameters.Length > 0)
                yield return Unsupported(level, $"'{level.Name}' is generic; declare kernels on a class that is not generic, in types that are not");
            if (!IsPartial(level, cancellation))
                yield return new Finding(Rules.NotPartial, Place(level), $"'{level.Name}' must be partial so that kernels can be added to '{type.Name}'");
        }
    }

    private static IEnumerable<string> AddedMembers(INamedTypeSymbol type) =>
        DeclaredClassReader.ReadAll(type).SelectMany(declared => declared.Family.MemberNames(declared)).Append("Select").Distinct();

    private static bool IsPartial(INamedTypeSymbol type, CancellationToken cancellation) => type.DeclaringSyntaxReferences
        .Select(reference => reference.GetSyntax(cancellation))
        .All(part => part is BaseTypeDeclarationSyntax declaration && declaration.Modifiers.Any(SyntaxKind.PartialKeyword));

    private static Finding Unsupported(INamedTypeSymbol type, string message) => new(Rules.UnsupportedClass, Place(type), message);

    private static Location Place(INamedTypeSymbol type) => type.Locations[0];
}
