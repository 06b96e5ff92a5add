using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Dispatch;

/// <summary>A method that a family adds to the user's class, described once for every back end.</summary>
/// <param name="Name">Name of the method, for example <c>Route</c>.</param>
/// <param name="Summary">What it computes, as a sentence.</param>
/// <param name="CpuCall">What makes the call from the arguments on the CPU, for example <c>GateCall&lt;float&gt;.Create</c>, in <c>KernelGen.Cpu</c>.</param>
/// <param name="IlgpuCall">The same for an accelerator's stream, in <c>KernelGen.Ilgpu</c>.</param>
/// <param name="Parameters">The parameters that every back end has.</param>
/// <param name="Axes">What a call tells by its arguments and the declared variants differ in.</param>
/// <param name="Specs">The variants that the method chooses among.</param>
internal sealed record EntryPoint(
    string Name,
    string Summary,
    string CpuCall,
    string IlgpuCall,
    IReadOnlyList<EntryParameter> Parameters,
    IReadOnlyList<DispatchAxis> Axes,
    IReadOnlyList<IKernelSpec> Specs)
{
    /// <summary>The variants' method: <c>Run</c> or <c>RunBackward</c>.</summary>
    public string Kernel { get; init; } = "Run";

    /// <summary>Whether the documentation lists the declarations. A backward pass refers to its forward pass instead.</summary>
    public bool ListsDeclarations { get; init; } = true;

    /// <summary>Values of axes that this overload fixes, as C#, by the axes' names.</summary>
    public IReadOnlyDictionary<string, string> Fixed { get; init; } = new Dictionary<string, string>();

    /// <summary>What else makes an argument wrong on the CPU, after "The shapes do not fit each other".</summary>
    public string CpuArgumentErrors { get; init; } = "";

    /// <summary>What else makes an argument wrong on a device, after "The extents do not fit each other".</summary>
    public string IlgpuArgumentErrors { get; init; } = "";

    /// <summary>What a device does with values that the host cannot check.</summary>
    public string IlgpuRemarks { get; init; } = "";

    /// <summary>What a device needs memory for; empty if it allocates nothing.</summary>
    public string IlgpuMemory { get; init; } = "";
}

/// <summary>One parameter of an entry point.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it holds; each back end has a type for it.</param>
/// <param name="Element">C# type of an element, or of the value itself.</param>
/// <param name="Documentation">What it is, with its shape.</param>
/// <param name="Default">Default value as C#; null where the caller must pass one.</param>
internal sealed record EntryParameter(string Name, ParameterKind Kind, string Element, string Documentation, string? Default = null)
{
    /// <summary>Whether the call is made without it: it chooses the variant, or goes to the kernel's run.</summary>
    public bool IsOutsideCall { get; init; }
}

/// <summary>What a parameter of an entry point holds.</summary>
internal enum ParameterKind
{
    /// <summary>A matrix that is read.</summary>
    Matrix,

    /// <summary>A matrix that is written.</summary>
    OutputMatrix,

    /// <summary>A vector that is read.</summary>
    Vector,

    /// <summary>The weights of all experts.</summary>
    ExpertWeights,

    /// <summary>A number, passed by value.</summary>
    Value,
}
