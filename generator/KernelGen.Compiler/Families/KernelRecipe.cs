using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>How the kernel of a variant is made for one vector width, and how it is called.</summary>
/// <param name="TemplateFiles">The embedded files that together are the template, for example <c>FusedMoe.cs</c>.</param>
/// <param name="Request">Values and types for the template.</param>
/// <param name="ArgumentsType">Full name of the structure that the template's <c>Run</c> takes as an <c>in</c> parameter.</param>
public sealed record KernelRecipe(IReadOnlyList<string> TemplateFiles, SpecializationRequest Request, string ArgumentsType)
{
    /// <summary>Full name of the structure that the template's <c>RunBackward</c> takes; null where there is no backward pass.</summary>
    public string? BackwardArgumentsType { get; init; }

    /// <summary>The vector widths, in bits, that kernels are made for, the narrowest first.</summary>
    public static IReadOnlyList<int> VectorWidths { get; } = [128, 256, 512];

    // A gate mostly compares and shuffles: vectors of 512 bits never beat 256 (Zen 4), and softmax 128/8 took 1.8 times as long in them.
    private static readonly IReadOnlyList<int> GateWidths = [128, 256];

    /// <summary>The vector widths, in bits, that a variant is made for, the narrowest first.</summary>
    public static IReadOnlyList<int> VectorWidthsOf(IKernelSpec spec) => spec switch
    {
        MoeGateSpec => GateWidths,
        FusedMoeSpec { Tile: { } tile } => VectorWidths.Where(bits => bits <= tile.VectorBits).ToArray(),
        _ => VectorWidths,
    };

    /// <summary>The name of the class that holds the kernel for a vector width.</summary>
    public static string ClassName(int vectorBits) => $"Vector{vectorBits}Kernel";

    /// <summary>The recipe of a valid spec.</summary>
    public static KernelRecipe For(IKernelSpec spec, int vectorBits) => spec switch
    {
        MoeGateSpec gate => new(
            MoeGateTemplate.Files, MoeGateTemplate.Request(gate, vectorBits, ClassName(vectorBits)), "global::KernelGen.Cpu.GateArguments"),
        FusedMoeSpec experts => new(
            FusedMoeTemplate.Files, FusedMoeTemplate.Request(experts, vectorBits, ClassName(vectorBits)), "global::KernelGen.Cpu.ExpertsArguments"),
        OmniRouterSpec router => new(
            OmniRouterTemplate.Files, OmniRouterTemplate.Request(router, vectorBits, ClassName(vectorBits)), "global::KernelGen.Cpu.OmniRouterArguments")
        {
            BackwardArgumentsType = "global::KernelGen.Cpu.OmniRouterGradients",
        },
        OmniExpertsSpec experts => new(
            OmniExpertsTemplate.Files, OmniExpertsTemplate.Request(experts, vectorBits, ClassName(vectorBits)), "global::KernelGen.Cpu.OmniExpertsArguments")
        {
            BackwardArgumentsType = "global::KernelGen.Cpu.OmniExpertsGradients",
        },
        _ => throw new ArgumentException($"{spec.GetType().Name} belongs to no family", nameof(spec)),
    };
}
