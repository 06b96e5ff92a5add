using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>How the ILGPU kernels of a variant are made, and what holds them at run time.</summary>
/// <param name="TemplateFiles">The embedded files of <c>templates/Ilgpu</c> that together are the template.</param>
/// <param name="Request">Values and types for the template; the class is <see cref="ClassName"/>.</param>
/// <param name="KernelsType">Full name of the class of <c>KernelGen.Ilgpu</c> that launches the kernels.</param>
/// <param name="KernelsArguments">What its constructor takes after the variant, as C#.</param>
public sealed record IlgpuRecipe(IReadOnlyList<string> TemplateFiles, SpecializationRequest Request, string KernelsType, string KernelsArguments)
{
    /// <summary>Folder of the templates.</summary>
    public const string Folder = "Ilgpu";

    /// <summary>The name of the class that holds the kernels.</summary>
    public const string ClassName = "Kernel";

    /// <summary>The name of the class that holds the PTX.</summary>
    public const string PtxClassName = "Ptx";

    /// <summary>What the new object gets besides, as C#: an object initializer, or nothing.</summary>
    public string KernelsInitializer { get; init; } = "";

    /// <summary>PTX modules of the variant, by the names of their entries.</summary>
    public IReadOnlyDictionary<string, string> PtxTexts { get; init; } = new Dictionary<string, string>();
}
