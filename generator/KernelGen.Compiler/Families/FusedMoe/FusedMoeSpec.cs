using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Compiler.Families;

/// <summary>One variant of declared experts: the values of a <see cref="FusedMoeAttribute"/> and one of its Split-K slice counts.</summary>
public sealed record FusedMoeSpec(
    int Experts,
    int TopK,
    int HiddenSize,
    int IntermediateSize,
    MoeActivation Activation,
    DType WeightType,
    int SplitK = 1,
    bool Specialize = true,
    WeightQuantization Quantization = WeightQuantization.None,
    int GroupSize = 0,
    bool ZeroPoints = false) : IKernelSpec
{
    /// <summary>The limit of an activation that needs one, otherwise 0.</summary>
    public float ActivationLimit { get; init; }

    /// <summary>Whether the experts have biases.</summary>
    public bool Bias { get; init; }

    /// <summary>Whether the router weight multiplies an expert's input instead of its output.</summary>
    public bool RouterWeightOnInput { get; init; }

    /// <summary>How the inputs of the GEMMs are quantised.</summary>
    public ActivationQuantization ActivationQuantization { get; init; }

    /// <summary>The tile of the CPU kernels from a tuning file; null for the heuristic's.</summary>
    public CpuTile? Tile { get; init; }

    /// <summary>The tensor-core tiles from tuning files, by device; otherwise the heuristic's are used.</summary>
    public EquatableArray<DeviceTuning> Devices { get; init; } = EquatableArray<DeviceTuning>.Empty;

    /// <summary>Whether the first GEMM has an up projection in addition to the gate projection.</summary>
    public bool IsGated => Activation.IsGated();

    /// <inheritdoc/>
    public KernelFamily Family => FusedMoeFamily.Instance;

    object IKernelSpec.DispatchKey => DispatchKey;

    /// <inheritdoc/>
    public string VariantName => $"{ConfigurationName}_cpu{(Specialize ? "" : "_unspecialized")}{(Tile is null ? "" : $"_{Tile.Name}")}";

    /// <inheritdoc/>
    public string ConfigurationName
    {
        get
        {
            var bias = Bias ? "_bias" : "";
            var onInput = RouterWeightOnInput ? "_oninput" : "";
            var splitK = SplitK > 1 ? $"_splitk{SplitK}" : "";
            return $"fusedmoe_{Activation.ShortName(ActivationLimit)}_e{Experts}_k{TopK}_h{HiddenSize}_i{IntermediateSize}_{WeightFormat.Name(this)}{bias}{onInput}{splitK}";
        }
    }

    /// <inheritdoc/>
    public string Declaration => DeclarationOf([SplitK]);

    /// <summary>The attribute that yields this spec in several numbers of slices.</summary>
    internal string DeclarationOf(IReadOnlyList<int> slices)
    {
        var activation = Activation == MoeActivation.SiluAndMul ? "" : $", Activation = MoeActivation.{Activation}";
        var limit = ActivationLimit == 0 ? "" : FormattableString.Invariant($", ActivationLimit = {ActivationLimit:R}f");
        var bias = Bias ? ", Bias = true" : "";
        var onInput = RouterWeightOnInput ? ", RouterWeightOnInput = true" : "";
        var weightType = WeightType == DType.Float32 ? "" : $", WeightType = DType.{WeightType}";
        var splitK = slices.Count == 1 && slices[0] == 1 ? "" : $", SplitK = new[] {{ {string.Join(", ", slices)} }}";
        var quantization = WeightFormat.Declaration(this);
        var specialize = Specialize ? "" : ", Specialize = false";
        return $"[FusedMoe(Experts = {Experts}, TopK = {TopK}, HiddenSize = {HiddenSize}, IntermediateSize = {IntermediateSize}{activation}{limit}{weightType}{quantization}{bias}{onInput}{splitK}{specialize})]";
    }

    /// <summary>The values by which calls are dispatched: two declarations of one class must not have equal keys.</summary>
    public (int Experts, int TopK, int HiddenSize, int IntermediateSize, DType WeightType, WeightQuantization Quantization, int GroupSize, bool ZeroPoints) DispatchKey =>
        (Experts, TopK, HiddenSize, IntermediateSize, WeightType, Quantization, GroupSize, ZeroPoints);

    /// <inheritdoc/>
    public IReadOnlyList<SpecProblem> Validate()
    {
        var problems = new List<SpecProblem?>
        {
            SpecLimits.Range(nameof(Experts), Experts, SpecLimits.Experts),
            SpecLimits.Range(nameof(TopK), TopK, SpecLimits.TopK),
            SpecLimits.Range(nameof(HiddenSize), HiddenSize, SpecLimits.Width),
            SpecLimits.Range(nameof(IntermediateSize), IntermediateSize, SpecLimits.Width),
            SpecLimits.TopKWithin(TopK, Experts),
            SpecLimits.Known(nameof(Activation), Activation) ?? ValidateLimit(),
            SpecLimits.Known(nameof(WeightType), WeightType) ?? SpecLimits.Known(nameof(Quantization), Quantization)
                ?? SpecLimits.Known(nameof(ActivationQuantization), ActivationQuantization) ?? WeightFormat.Validate(this),
            ValidateSplitK(),
            Tile?.Problem() is var (_, message) ? new SpecProblem(TuningProblem.Impossible, message, nameof(Tile)) : null,
            ValidateDevices(),
        };
        return problems.OfType<SpecProblem>().ToArray();
    }

    private SpecProblem? ValidateLimit()
    {
        if (!Activation.NeedsLimit())
            return ActivationLimit == 0 ? null : Limit($"{Activation} has no limit; omit ActivationLimit");
        return ActivationLimit > 0 && !float.IsInfinity(ActivationLimit)
            ? null
            : Limit(FormattableString.Invariant($"ActivationLimit is {ActivationLimit:R}; {Activation} needs a finite limit greater than 0"));

        static SpecProblem Limit(string message) => new("KG0015", message, nameof(ActivationLimit));
    }

    private SpecProblem? ValidateDevices()
    {
        var shapes = (GateUp: FusedMoePtx.Shape(this, ExpertProduct.GateUp), Down: FusedMoePtx.Shape(this, ExpertProduct.Down));
        foreach (var choice in Devices.SelectMany(device => device.Choices))
        {
            var problem = choice.GateUp.Problem(shapes.GateUp.Columns, shapes.GateUp.Reduction) ?? choice.Down.Problem(shapes.Down.Columns, shapes.Down.Reduction);
            if (choice.GateUp.BlockM != choice.Down.BlockM) problem = $"blocks of {choice.GateUp.BlockM} and {choice.Down.BlockM} rows cannot share one alignment";
            if (problem is not null) return new SpecProblem(TuningProblem.Impossible, problem, nameof(Devices));
        }

        return null;
    }

    private SpecProblem? ValidateSplitK()
    {
        if (SplitK < 1 || SplitK > SpecLimits.SplitK)
            return new SpecProblem("KG0010", $"SplitK is {SplitK}; it must be between 1 and {SpecLimits.SplitK}", nameof(SplitK));
        var width = Math.Min(HiddenSize, IntermediateSize);
        return width < 1 || SplitK <= width
            ? null
            : new SpecProblem("KG0010", $"SplitK is {SplitK}, but the narrower reduction has only {width} elements", nameof(SplitK));
    }
}
