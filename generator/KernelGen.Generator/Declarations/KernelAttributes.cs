using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>The attributes that declare kernels.</summary>
internal static class KernelAttributes
{
    public const string MoeGate = "KernelGen.MoeGateAttribute";

    public const string FusedMoe = "KernelGen.FusedMoeAttribute";

    public const string OmniRouter = "KernelGen.OmniRouterAttribute";

    public const string OmniExperts = "KernelGen.OmniExpertsAttribute";

    public static bool IsMoeGate(AttributeData attribute) => IsNamed(attribute, "MoeGateAttribute");

    public static bool IsFusedMoe(AttributeData attribute) => IsNamed(attribute, "FusedMoeAttribute");

    public static bool IsOmniRouter(AttributeData attribute) => IsNamed(attribute, "OmniRouterAttribute");

    public static bool IsOmniExperts(AttributeData attribute) => IsNamed(attribute, "OmniExpertsAttribute");

    /// <summary>The attributes of a class that declare kernels, in the compiler's order.</summary>
    public static IEnumerable<AttributeData> Of(INamedTypeSymbol type) =>
        type.GetAttributes().Where(attribute => IsMoeGate(attribute) || IsFusedMoe(attribute) || IsOmniRouter(attribute) || IsOmniExperts(attribute));

    /// <summary>Whether an attribute is KernelGen's of that name.</summary>
    public static bool IsNamed(AttributeData attribute, string name) =>
        attribute.AttributeClass is { ContainingNamespace: { Name: "KernelGen", ContainingNamespace.IsGlobalNamespace: true }, ContainingType: null } type
        && type.MetadataName == name;
}
