using System.Numerics;
using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Emission;

/// <summary>A class that is filled from a user's template: all that emission needs, as plain values that compare by content.</summary>
/// <param name="Class">The class.</param>
/// <param name="Template">Full name of the template, for people.</param>
/// <param name="Namespace">The template's namespace, empty for the global one.</param>
/// <param name="Sources">The files that declare the template.</param>
/// <param name="Values">Values of its constants.</param>
/// <param name="Types">Types of its type parameters.</param>
/// <param name="VectorBits">Width that replaces its <c>Vector256</c>.</param>
public sealed record SpecializedTemplate(
    ClassPlace Class,
    string Template,
    string Namespace,
    EquatableArray<TemplateSource> Sources,
    EquatableArray<TemplateValue> Values,
    EquatableArray<TemplateType> Types,
    int VectorBits);

/// <summary>A type for a template's type parameter.</summary>
/// <param name="Parameter">Name of the parameter.</param>
/// <param name="Type">The type as C# writes it anywhere: a keyword, or a name from <c>global::</c> on.</param>
public sealed record TemplateType(string Parameter, string Type);

/// <summary>A value for a template's constant.</summary>
/// <param name="Name">Name of the constant.</param>
/// <param name="Number">The value; of an enumeration its number.</param>
/// <param name="EnumName">Simple name of the enumeration; empty for other constants.</param>
/// <param name="Members">Names and numbers of its members.</param>
public sealed record TemplateValue(string Name, ConstantValue Number, string EnumName, EquatableArray<(string Name, BigInteger Number)> Members)
{
    /// <summary>The value that a compiler found for a constant; null for strings and the small integers, which templates do not fold.</summary>
    public static TemplateValue? Of(string name, object? value, string enumName = "", IEnumerable<(string Name, object Number)>? members = null) =>
        ConstantValue.FromObject(value) is not { } number ? null
        : new TemplateValue(name, number, enumName, new EquatableArray<(string, BigInteger)>((members ?? []).Select(member => (member.Name, NumberOf(ConstantValue.FromObject(member.Number))))));

    internal ConstantValue ToConstant()
    {
        if (EnumName.Length == 0) return Number;
        var type = new EnumType(EnumName, Number.Primitive);
        foreach (var (member, number) in Members) type.Members[member] = number;
        return new EnumConstant(type, NumberOf(Number));
    }

    private static BigInteger NumberOf(ConstantValue? value) => value is IntegralConstant integral ? integral.Value : default;
}
