using KernelGen.Compiler;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Generator.Declarations;

/// <summary>Turns an attributed class into the plain record that leaves the generator's first step.</summary>
internal static class DeclaredClassReader
{
    /// <summary>Null when nothing can be emitted, or when another attribute's turn brings the class.</summary>
    public static DeclaredClass? Read(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        if (context.TargetSymbol is not INamedTypeSymbol type) return null;

        if (!IsTurn(context, type)) return null;
        if (CompilationRules.Check(context.SemanticModel.Compilation).Any() || ClassRules.Check(type, cancellation).Any()) return null;

        var specs = Declaration.ReadAll(type).SelectMany(declaration => declaration.Specs).ToArray();
        if (specs.Length == 0) return null;
        return WithoutKernels(type) with
        {
            Gates = new EquatableArray<MoeGateSpec>(specs.OfType<MoeGateSpec>()),
            Experts = new EquatableArray<FusedMoeSpec>(specs.OfType<FusedMoeSpec>()),
            OmniRouters = new EquatableArray<OmniRouterSpec>(specs.OfType<OmniRouterSpec>()),
            OmniExperts = new EquatableArray<OmniExpertsSpec>(specs.OfType<OmniExpertsSpec>()),
        };
    }

    /// <summary>A class to which members are added, without declarations.</summary>
    public static DeclaredClass WithoutKernels(INamedTypeSymbol type) => new(
        type.ContainingNamespace.IsGlobalNamespace ? "" : FullName(type.ContainingNamespace),
        new EquatableArray<ContainingType>(Around(type)),
        type.Name,
        Modifiers(type),
        EquatableArray<MoeGateSpec>.Empty,
        EquatableArray<FusedMoeSpec>.Empty);

    // A class comes once for each kind of attribute and for each part that has some: its first attribute brings it.
    private static bool IsTurn(GeneratorAttributeSyntaxContext context, INamedTypeSymbol type)
    {
        var first = KernelAttributes.Of(type).First();
        return context.Attributes.Contains(first)
            && first.ApplicationSyntaxReference is { } place
            && place.SyntaxTree == context.TargetNode.SyntaxTree
            && context.TargetNode.Span.Contains(place.Span);
    }

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
