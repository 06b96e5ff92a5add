using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>How the kernel of a variant is made for one vector width, and how it is called.</summary>
/// <param name="TemplateFiles">The embedded files that together are the template, for example <c>FusedMoe.cs</c>.</param>
/// <param name="Request">Values and types for the template.</param>
/// <param name="ArgumentsType">Full name of the structure that the template's <c>Run</c> takes as an <c>in</c> parameter.</param>
public sealed record CpuRecipe(IReadOnlyList<string> TemplateFiles, SpecializationRequest Request, string ArgumentsType)
{
    /// <summary>Full name of the structure that the template's <c>RunBackward</c> takes; null where there is no backward pass.</summary>
    public string? BackwardArgumentsType { get; init; }

    /// <summary>The vector widths, in bits, that kernels are made for, the narrowest first.</summary>
    public static IReadOnlyList<int> VectorWidths { get; } = [128, 256, 512];

    /// <summary>The name of the class that holds the kernel for a vector width.</summary>
    public static string ClassName(int vectorBits) => $"Vector{vectorBits}Kernel";
}
