using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>One attribute: the valid specs that it yields and what is wrong with it.</summary>
internal sealed record Declaration(AttributeData Attribute, IReadOnlyList<IKernelSpec> Specs, IReadOnlyList<SpecProblem> Problems)
{
    /// <summary>Reads every declaring attribute of a class. Of declarations that no call can tell apart, the first one counts.</summary>
    public static IReadOnlyList<Declaration> ReadAll(INamedTypeSymbol type)
    {
        var declarations = new List<Declaration>();
        var taken = new Dictionary<object, IKernelSpec>();
        foreach (var attribute in KernelAttributes.Of(type))
        {
            declarations.Add(Read(attribute).WithoutAmbiguity(taken));
        }

        return declarations;
    }

    private static Declaration Read(AttributeData attribute) =>
        KernelAttributes.IsMoeGate(attribute) ? MoeGateReader.Read(attribute)
        : KernelAttributes.IsFusedMoe(attribute) ? FusedMoeReader.Read(attribute)
        : KernelAttributes.IsOmniRouter(attribute) ? OmniRouterReader.Read(attribute)
        : OmniExpertsReader.Read(attribute);

    private Declaration WithoutAmbiguity(Dictionary<object, IKernelSpec> taken)
    {
        if (Specs.Count == 0) return this;
        var key = Key(Specs[0]); // specs of one attribute differ in nothing that the key holds
        if (!taken.TryGetValue(key, out var first))
        {
            taken.Add(key, Specs[0]);
            return this;
        }

        var message = $"this declaration has the same dispatch key as {first.Declaration}, declared earlier";
        return this with { Specs = [], Problems = [.. Problems, new SpecProblem("KG0008", message, "")] };
    }

    private static object Key(IKernelSpec spec) => spec switch
    {
        MoeGateSpec gate => gate.DispatchKey,
        FusedMoeSpec experts => experts.DispatchKey,
        OmniRouterSpec router => router.DispatchKey,
        OmniExpertsSpec experts => experts.DispatchKey,
        _ => throw new ArgumentException($"{spec.GetType().Name} belongs to no family", nameof(spec)),
    };
}
