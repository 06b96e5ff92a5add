using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>The attributes that declare kernels.</summary>
internal static class KernelAttributes
{
    /// <summary>The attributes of a class that declare kernels, with their families, in the compiler's order.</summary>
    public static IEnumerable<(AttributeData Attribute, KernelFamily Family)> Of(INamedTypeSymbol type)
    {
        foreach (var attribute in type.GetAttributes())
        {
            if (KernelFamilies.All.FirstOrDefault(family => IsNamed(attribute, $"{family.Attribute}Attribute")) is { } family) yield return (attribute, family);
        }
    }

    /// <summary>The named arguments of an attribute. One that does not bind becomes an object of no use, which makes the attribute broken.</summary>
    public static AttributeArguments ArgumentsOf(AttributeData attribute) =>
        new(attribute.NamedArguments.Select(argument => (argument.Key, Value(argument.Value))));

    /// <summary>Whether an attribute is KernelGen's of that name.</summary>
    public static bool IsNamed(AttributeData attribute, string name) =>
        attribute.AttributeClass is { ContainingNamespace: { Name: "KernelGen", ContainingNamespace.IsGlobalNamespace: true }, ContainingType: null } type
        && type.MetadataName == name;

    private static object? Value(TypedConstant constant) => constant.Kind switch
    {
        TypedConstantKind.Array => constant.IsNull ? null : constant.Values.Select(Value).ToArray(),
        TypedConstantKind.Primitive or TypedConstantKind.Enum => constant.Value,
        _ => constant,
    };
}
