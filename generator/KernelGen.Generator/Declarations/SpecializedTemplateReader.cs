using KernelGen.Compiler;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Specialization;
using KernelGen.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Generator.Declarations;

/// <summary>Reads a class with <c>[SpecializedFrom]</c>, and says what is wrong with it.</summary>
internal static class SpecializedTemplateReader
{
    /// <summary>Full name of the attribute.</summary>
    public const string Attribute = "KernelGen.SpecializedFromAttribute";

    private const string TemplateMark = "KernelTemplateAttribute";
    private const string ValueMark = "SpecializeAttribute";

    // Keywords for C#'s own types: the compiler of templates folds what depends on them.
    private static readonly SymbolDisplayFormat AnywhereFormat = SymbolDisplayFormat.FullyQualifiedFormat;

    /// <summary>Plain values for emission; null when nothing can be emitted.</summary>
    public static SpecializedTemplate? Read(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        if (context.TargetSymbol is not INamedTypeSymbol type || Findings(type, cancellation).Any()) return null;
        var attribute = context.Attributes[0];
        var template = TemplateOf(attribute)!;
        var definition = template.OriginalDefinition;
        return new SpecializedTemplate(
            WithModifiersOf(definition, DeclaredClassReader.PlaceOf(type), cancellation),
            definition.ToDisplayString(),
            definition.ContainingNamespace.IsGlobalNamespace ? "" : definition.ContainingNamespace.ToDisplayString(),
            new EquatableArray<TemplateSource>(definition.DeclaringSyntaxReferences.Select(part => part.SyntaxTree).Distinct()
                .Select(tree => new TemplateSource(tree.FilePath, tree.GetText(cancellation).ToString()))),
            new EquatableArray<TemplateValue>(Constants(type).Select(ValueOf).OfType<TemplateValue>()),
            new EquatableArray<TemplateType>(definition.TypeParameters.Zip(template.TypeArguments, (parameter, argument) => new TemplateType(parameter.Name, argument.ToDisplayString(AnywhereFormat)))),
            VectorBits(attribute));
    }

    /// <summary>Everything that is wrong with a class, if it carries the attribute.</summary>
    public static IEnumerable<Finding> Findings(INamedTypeSymbol type, CancellationToken cancellation)
    {
        if (type.GetAttributes().FirstOrDefault(IsOurs) is not { } attribute) yield break;
        foreach (var finding in ClassRules.CheckShape(type, cancellation)) yield return finding;
        var place = attribute.ApplicationSyntaxReference?.GetSyntax(cancellation).GetLocation() ?? Location.None;
        if (TemplateOf(attribute) is not { } template)
        {
            yield return new Finding(Rules.NoTemplate, place, "SpecializedFrom takes a class with [KernelTemplate]: typeof(DotTile<float>)");
            yield break;
        }

        var name = template.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
        if (!template.GetAttributes().Any(mark => KernelAttributes.IsNamed(mark, TemplateMark))) yield return new Finding(Rules.NoTemplate, place, $"'{name}' is no template: it lacks [KernelTemplate]");
        else if (template.DeclaringSyntaxReferences.Length == 0) yield return new Finding(Rules.NoTemplate, place, $"'{name}' comes from another assembly; a template's source must be part of the project");
        else if (template.ContainingType is not null) yield return new Finding(Rules.NoTemplate, place, $"'{name}' stands in another type; a template stands in a namespace");
        if (template.IsUnboundGenericType) yield return new Finding(Rules.NoTemplate, place, $"'{name}' lacks its type arguments");
        if (VectorBits(attribute) is not (128 or 256 or 512)) yield return new Finding(Rules.SizeOutOfRange, place, $"VectorBits is {VectorBits(attribute)}; vectors have 128, 256 or 512 bits");
        foreach (var constant in Constants(type).Where(constant => ValueOf(constant) is null))
            yield return new Finding(Rules.UnsupportedType, constant.Locations[0], $"'{constant.Name}' is a {constant.Type.ToDisplayString()}; constants of templates are int, uint, long, ulong, char, float, double, bool or enumerations");
    }

    /// <summary>A template with pointers makes a class with pointers.</summary>
    private static ClassPlace WithModifiersOf(INamedTypeSymbol template, ClassPlace target, CancellationToken cancellation)
    {
        var isUnsafe = template.DeclaringSyntaxReferences.Any(part => ((TypeDeclarationSyntax)part.GetSyntax(cancellation)).Modifiers.Any(SyntaxKind.UnsafeKeyword));
        return isUnsafe ? target with { Modifiers = $"{target.Modifiers} unsafe" } : target;
    }

    private static bool IsOurs(AttributeData attribute) => KernelAttributes.IsNamed(attribute, "SpecializedFromAttribute");

    private static INamedTypeSymbol? TemplateOf(AttributeData attribute) =>
        attribute.ConstructorArguments.FirstOrDefault() is { Kind: TypedConstantKind.Type, Value: INamedTypeSymbol { TypeKind: TypeKind.Class } type } ? type : null;

    private static int VectorBits(AttributeData attribute) => attribute.NamedArguments.FirstOrDefault(argument => argument.Key == nameof(SpecializedTemplate.VectorBits)).Value.Value as int? ?? 256;

    private static IEnumerable<IFieldSymbol> Constants(INamedTypeSymbol type) =>
        type.GetMembers().OfType<IFieldSymbol>().Where(field => field.IsConst && field.GetAttributes().Any(mark => KernelAttributes.IsNamed(mark, ValueMark)));

    private static TemplateValue? ValueOf(IFieldSymbol constant) => constant.Type.TypeKind != TypeKind.Enum
        ? TemplateValue.Of(constant.Name, constant.ConstantValue)
        : TemplateValue.Of(
            constant.Name,
            constant.ConstantValue,
            constant.Type.Name,
            constant.Type.GetMembers().OfType<IFieldSymbol>().Where(member => member.ConstantValue is not null).Select(member => (member.Name, member.ConstantValue!)));
}
