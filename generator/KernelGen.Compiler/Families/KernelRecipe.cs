using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>
/// How a family makes the kernel of a variant: the templates with their values, and the call that starts it. Everything
/// about a family's templates that emission must know is here.
/// </summary>
/// <param name="ArgumentsType">Full name of the type that the kernel's <c>Run</c> takes by <c>in</c> reference.</param>
/// <param name="Parts">The classes to make. The first is the kernel: it has <c>Run</c>; the others are what it calls.</param>
public sealed record KernelRecipe(string ArgumentsType, IReadOnlyList<KernelPart> Parts)
{
    /// <summary>The vector widths, in bits, that every variant is made for.</summary>
    public static IReadOnlyList<int> VectorWidths { get; } = [128, 256, 512];

    /// <summary>The name of the class that holds the kernel for a vector width.</summary>
    public static string ClassName(int vectorBits) => $"Vector{vectorBits}Kernel";

    /// <summary>The recipe of a spec for one vector width.</summary>
    public static KernelRecipe For(IKernelSpec spec, int vectorBits) => spec switch
    {
        MoeGateSpec gate => MoeGateTemplate.Recipe(gate, vectorBits),
        FusedMoeSpec experts => FusedMoeTemplate.Recipe(experts, vectorBits),
        _ => throw new ArgumentException($"{spec.GetType().Name} belongs to no family", nameof(spec)),
    };
}

/// <summary>One template of a kernel and what to make of it.</summary>
/// <param name="Template">Its name in <see cref="TemplateLibrary"/>, for example <c>Cpu/MoeGate.cs</c>.</param>
/// <param name="Request">Values, types and the name of the emitted class.</param>
public sealed record KernelPart(string Template, SpecializationRequest Request);
