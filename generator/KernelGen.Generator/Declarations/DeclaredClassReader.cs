using KernelGen.Compiler;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Generator.Declarations;

/// <summary>Turns an attributed class into the plain record that leaves the generator's first step.</summary>
internal static class DeclaredClassReader
{
    /// <summary>What a class declares of a family; null if nothing can be emitted, or if another part of the class brings it.</summary>
    public static DeclaredClass? Read(GeneratorAttributeSyntaxContext context, KernelFamily family, CancellationToken cancellation)
    {
        if (context.TargetSymbol is not INamedTypeSymbol type || !IsFirstPart(context, type, family)) return null;
        if (CompilationRules.Check(context.SemanticModel.Compilation).Any() || ClassRules.Check(type, cancellation).Any()) return null;
        return ReadAll(type).FirstOrDefault(declared => declared.Family == family);
    }

    /// <summary>What a class declares of each of its families.</summary>
    public static IEnumerable<DeclaredClass> ReadAll(INamedTypeSymbol type) => Declaration.ReadAll(type)
        .GroupBy(declaration => declaration.Family)
        .Select(ofFamily => new DeclaredClass(PlaceOf(type), ofFamily.Key, new EquatableArray<IKernelSpec>(ofFamily.SelectMany(declaration => declaration.Specs))))
        .Where(declared => declared.Specs.Count > 0);

    /// <summary>A class to which members are added.</summary>
    public static ClassPlace PlaceOf(INamedTypeSymbol type) => new(
        type.ContainingNamespace.IsGlobalNamespace ? "" : FullName(type.ContainingNamespace),
        new EquatableArray<ContainingType>(Around(type)),
        type.Name,
        Modifiers(type));

    // Each part of a class that has attributes of a family comes by itself, with all of them: the part with the first one counts.
    private static bool IsFirstPart(GeneratorAttributeSyntaxContext context, INamedTypeSymbol type, KernelFamily family) =>
        KernelAttributes.Of(type).First(declared => declared.Family == family).Attribute.ApplicationSyntaxReference is { } place
        && place.SyntaxTree == context.TargetNode.SyntaxTree
        && context.TargetNode.Span.Contains(place.Span);

    private static string FullName(INamespaceSymbol space) =>
        space.ContainingNamespace.IsGlobalNamespace ? space.Name : $"{FullName(space.ContainingNamespace)}.{space.Name}";

    private static IEnumerable<ContainingType> Around(INamedTypeSymbol type)
    {
        if (type.ContainingType is not { } outer) return [];
        var kind = outer.TypeKind switch
        {
            TypeKind.Struct => "struct",
            TypeKind.Interface => "interface",
            _ => "class",
        };
        var keyword = !outer.IsRecord ? kind : kind == "struct" ? "record struct" : "record";
        return Around(outer).Append(new ContainingType(keyword, outer.Name));
    }

    private static string Modifiers(INamedTypeSymbol type)
    {
        var accessibility = SyntaxFacts.GetText(type.DeclaredAccessibility);
        return type.IsStatic ? $"{accessibility} static" : accessibility;
    }
}
