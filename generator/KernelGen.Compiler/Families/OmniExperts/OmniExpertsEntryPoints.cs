using KernelGen.Compiler.Dispatch;

namespace KernelGen.Compiler.Families;

/// <summary><c>Forward</c> and <c>Backward</c> of one-neuron experts.</summary>
internal static class OmniExpertsEntryPoints
{
    private const string IdErrors = ", or an id lies outside 0 to E - 1";
    private const string Unchecked = "The host cannot check device memory: a slot whose id lies outside 0 to E - 1 adds nothing.";

    private static readonly DispatchAxis[] Axes =
    [
        DispatchAxis.Int("ExpertsPerAxis", "Keys per axis, n, of E = n² experts.", spec => ((OmniExpertsSpec)spec).ExpertsPerAxis),
        DispatchAxis.Int("TopK", "Experts per token, k.", spec => ((OmniExpertsSpec)spec).TopK),
        DispatchAxis.Int("HiddenSize", "Width of the hidden states, H.", spec => ((OmniExpertsSpec)spec).HiddenSize),
    ];

    public static Dispatcher Of(IReadOnlyList<IKernelSpec> experts) => new("NoSuchOmniExperts", Axes, [Forward(experts), Backward(experts)]);

    private static EntryPoint Forward(IReadOnlyList<IKernelSpec> experts) => new(
        "Forward",
        "Accumulates the outputs silu(x · U) · g · D of each token's top-k one-neuron experts.",
        "OmniExpertsCall.Create",
        "DeviceOmniExpertsCall.Create",
        [
            new("hidden", ParameterKind.Matrix, "float", "Hidden states x, [T, H]."),
            new("up", ParameterKind.Matrix, "float", "Input weights U of all experts, [E, H]."),
            new("down", ParameterKind.Matrix, "float", "Output weights D of all experts, [E, H]."),
            new("weights", ParameterKind.Matrix, "float", "Weight g of each selected expert, [T, k]."),
            new("experts", ParameterKind.Matrix, "int", "Id of each selected expert, [T, k]."),
            new("output", ParameterKind.OutputMatrix, "float", "Receives the sums, [T, H]."),
        ],
        Axes,
        experts)
    {
        CpuArgumentErrors = IdErrors,
        IlgpuRemarks = Unchecked,
    };

    private static EntryPoint Backward(IReadOnlyList<IKernelSpec> experts) => new(
        "Backward",
        "Computes the gradients of <c>Forward</c>, the same bits in every run. The gradients of the experts' weights are added to what is there, one row of the selected experts after the other.",
        "new OmniExpertsBackwardCall",
        "new DeviceOmniExpertsBackwardCall",
        [
            new("hidden", ParameterKind.Matrix, "float", "As passed to <c>Forward</c>."),
            new("up", ParameterKind.Matrix, "float", "As passed to <c>Forward</c>."),
            new("down", ParameterKind.Matrix, "float", "As passed to <c>Forward</c>."),
            new("weights", ParameterKind.Matrix, "float", "As passed to <c>Forward</c>."),
            new("experts", ParameterKind.Matrix, "int", "As passed to <c>Forward</c>."),
            new("gradOutput", ParameterKind.Matrix, "float", "Gradients of the output, [T, H]."),
            new("gradHidden", ParameterKind.OutputMatrix, "float", "Receives the gradients of the hidden states, [T, H]."),
            new("gradUp", ParameterKind.OutputMatrix, "float", "Accumulates the gradients of U, [E, H]."),
            new("gradDown", ParameterKind.OutputMatrix, "float", "Accumulates the gradients of D, [E, H]."),
            new("gradWeights", ParameterKind.OutputMatrix, "float", "Receives the gradients of the weights g, [T, k]."),
        ],
        Axes,
        experts)
    {
        Kernel = "RunBackward",
        ListsDeclarations = false,
        CpuArgumentErrors = IdErrors,
        IlgpuRemarks = Unchecked,
        IlgpuMemory = "16 to 24 bytes per slot",
    };
}
