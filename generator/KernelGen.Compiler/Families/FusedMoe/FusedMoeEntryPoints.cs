using KernelGen.Compiler.Dispatch;
using KernelGen.Compiler.Emission;

namespace KernelGen.Compiler.Families;

/// <summary><c>Forward</c>, one for each type of weights.</summary>
internal static class FusedMoeEntryPoints
{
    private static readonly DispatchAxis[] Sizes =
    [
        DispatchAxis.Int("Experts", "Number of experts, E.", spec => ((FusedMoeSpec)spec).Experts),
        DispatchAxis.Int("TopK", "Experts per token, k.", spec => ((FusedMoeSpec)spec).TopK),
        DispatchAxis.Int("HiddenSize", "Width of the hidden states, H.", spec => ((FusedMoeSpec)spec).HiddenSize),
        DispatchAxis.Int("IntermediateSize", "Width of one expert's intermediate states, I.", spec => ((FusedMoeSpec)spec).IntermediateSize),
    ];

    private static readonly DispatchAxis WeightType = DispatchAxis.Enum("WeightType", "Type of the experts' weights.", spec => ((FusedMoeSpec)spec).WeightType);

    private static readonly DispatchAxis[] Scales =
    [
        DispatchAxis.Enum("Quantization", "Which weights share a scale.", spec => ((FusedMoeSpec)spec).Quantization) with { IsOptional = true },
        DispatchAxis.Int("GroupSize", "Weights per group, or 0.", spec => ((FusedMoeSpec)spec).GroupSize) with { Omitted = "0", IsOptional = true },
        DispatchAxis.Bool("ZeroPoints", "Whether groups have zero points.", spec => ((FusedMoeSpec)spec).ZeroPoints) with { IsOptional = true },
    ];

    private static readonly EntryParameter SplitK =
        new("splitK", ParameterKind.Value, "int", "Slices of the reduction, one of the declared numbers; 0 lets the number of tokens decide.", "0") { IsOutsideCall = true };

    public static Dispatcher Of(DeclaredClass declared) => new(
        "NoSuchExperts",
        [.. Sizes, WeightType, .. IfQuantized(declared.Specs)],
        [.. declared.Specs.Cast<FusedMoeSpec>().GroupBy(spec => spec.WeightType).Select(sameType => Forward(sameType.Key, [.. sameType]))])
    {
        Choice = [new("tokens", ParameterKind.Value, "int", "Number of tokens, T; matters if <paramref name=\"splitK\"/> is 0."), SplitK],
        MissingChoice = (SplitK with { Default = null }, "(splitK == 0 ? \"\" : $\", SplitK = new[] {{ {splitK} }}\")"),
        Cases = (site, specs) => FusedMoeCases.Of(declared, site, [.. specs.Cast<FusedMoeSpec>()]),
        RunArguments = spec => Parts((FusedMoeSpec)spec),
    };

    private static EntryPoint Forward(DType weightType, IReadOnlyList<FusedMoeSpec> specs) => new(
        "Forward",
        "Routes each token through its top-k experts and accumulates their weighted outputs.",
        "ExpertsCall.Create",
        $"DeviceExpertsCall<{ElementType(weightType)}>.Create",
        [
            new("hidden", ParameterKind.Matrix, "float", "Hidden states, [T, H]."),
            new("expertWeights", ParameterKind.ExpertWeights, ElementType(weightType), "The weights of all experts."),
            new("weights", ParameterKind.Matrix, "float", "Weight of each selected expert, [T, k]."),
            new("experts", ParameterKind.Matrix, "int", "Id of each selected expert, [T, k]; -1 leaves a slot out."),
            new("output", ParameterKind.OutputMatrix, "float", "Receives the sums, [T, H]."),
            SplitK,
        ],
        [.. Sizes, .. IfQuantized(specs)],
        specs)
    {
        Fixed = new Dictionary<string, string> { ["WeightType"] = DispatchAxis.Literal(weightType) },
        CpuArgumentErrors = ", or an id is that of no expert",
        IlgpuArgumentErrors = ", the weights have other parts than declared",
        IlgpuRemarks = "The host cannot check device memory: an id outside 0 to E - 1 leaves its slot out.",
        IlgpuMemory = "the intermediate states",
    };

    private static DispatchAxis[] IfQuantized(IEnumerable<IKernelSpec> specs) =>
        specs.Cast<FusedMoeSpec>().Any(spec => spec.Quantization != WeightQuantization.None) ? Scales : [];

    private static string ElementType(DType weightType) => weightType switch
    {
        DType.Float32 => "float",
        DType.Int8 => "sbyte",
        DType.Float16 => "global::System.Half",
        _ => $"global::KernelGen.{WeightFormat.TypeName(weightType)}",
    };

    /// <summary>The parts that the weights of a call must have, where they are not the usual ones.</summary>
    private static string Parts(FusedMoeSpec spec) => (spec.IsGated ? "" : ", gated: false") + (spec.Bias ? ", bias: true" : "")
        + (spec.ActivationQuantization == ActivationQuantization.StaticTensor ? ", inputScales: true" : "");
}
