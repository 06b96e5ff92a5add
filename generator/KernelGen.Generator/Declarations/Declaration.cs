using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>One attribute: its family, the valid specs that it yields and what is wrong with it.</summary>
internal sealed record Declaration(AttributeData Attribute, KernelFamily Family, IReadOnlyList<IKernelSpec> Specs, IReadOnlyList<SpecProblem> Problems)
{
    /// <summary>Reads every declaring attribute of a class. Of declarations with one dispatch key, the first counts.</summary>
    public static IReadOnlyList<Declaration> ReadAll(INamedTypeSymbol type)
    {
        var declarations = new List<Declaration>();
        var taken = new Dictionary<(KernelFamily, object), IKernelSpec>();
        foreach (var (attribute, family) in KernelAttributes.Of(type))
        {
            var decoded = family.Decode(KernelAttributes.ArgumentsOf(attribute));
            declarations.Add(new Declaration(attribute, family, decoded.Specs, decoded.Problems).WithoutAmbiguity(taken));
        }

        return declarations;
    }

    private Declaration WithoutAmbiguity(Dictionary<(KernelFamily, object), IKernelSpec> taken)
    {
        if (Specs.Count == 0) return this;
        var key = (Family, Specs[0].DispatchKey); // the specs of one attribute share it
        if (!taken.TryGetValue(key, out var first))
        {
            taken.Add(key, Specs[0]);
            return this;
        }

        var message = $"this declaration has the same dispatch key as {first.Declaration}, declared earlier";
        return this with { Specs = [], Problems = [.. Problems, new SpecProblem("KG0008", message, "")] };
    }
}
