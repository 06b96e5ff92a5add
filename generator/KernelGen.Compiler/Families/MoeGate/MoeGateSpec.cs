namespace KernelGen.Compiler.Families;

/// <summary>One declared gate: the values of a <see cref="MoeGateAttribute"/>.</summary>
public sealed record MoeGateSpec(
    int Experts,
    int TopK,
    GateScoring Scoring,
    bool CorrectionBias,
    int Groups,
    int TopKGroups,
    bool Renormalize,
    bool Specialize = true) : IKernelSpec
{
    /// <summary>Type of the logits.</summary>
    public DType LogitsType { get; init; }

    /// <summary>How many of the k experts are shared by all tokens.</summary>
    public int SharedExperts { get; init; }

    /// <summary>Whether a table determines each token's experts.</summary>
    public bool HashTable { get; init; }

    /// <summary>Number of experts selected per token.</summary>
    public int RoutedTopK => TopK - SharedExperts;

    /// <inheritdoc/>
    public KernelFamily Family => MoeGateFamily.Instance;

    object IKernelSpec.DispatchKey => DispatchKey;

    /// <inheritdoc/>
    public string VariantName => $"{ConfigurationName}_cpu{(Specialize ? "" : "_unspecialized")}";

    /// <inheritdoc/>
    public string ConfigurationName
    {
        get
        {
            var bias = CorrectionBias ? "_bias" : "";
            var groups = Groups > 1 ? $"_g{Groups}x{TopKGroups}" : "";
            var raw = Renormalize ? "" : "_norenorm";
            var shared = SharedExperts > 0 ? $"_shared{SharedExperts}" : "";
            var table = HashTable ? "_table" : "";
            return $"moegate_{Scoring.ToString().ToLowerInvariant()}{bias}{groups}{raw}{shared}{table}_e{Experts}_k{TopK}_{LogitsName}";
        }
    }

    /// <inheritdoc/>
    public string Declaration
    {
        get
        {
            var scoring = Scoring == GateScoring.Softmax ? "" : $", Scoring = GateScoring.{Scoring}";
            var bias = CorrectionBias ? ", CorrectionBias = true" : "";
            var groups = Groups > 1 ? $", Groups = {Groups}, TopKGroups = {TopKGroups}" : "";
            var renormalize = Renormalize ? "" : ", Renormalize = false";
            var logits = LogitsType == DType.Float32 ? "" : $", LogitsType = DType.{LogitsType}";
            var shared = SharedExperts > 0 ? $", SharedExperts = {SharedExperts}" : "";
            var table = HashTable ? ", HashTable = true" : "";
            var specialize = Specialize ? "" : ", Specialize = false";
            return $"[MoeGate(Experts = {Experts}, TopK = {TopK}{scoring}{bias}{groups}{renormalize}{logits}{shared}{table}{specialize})]";
        }
    }

    /// <summary>The values by which calls are dispatched: two specs of one class must not have equal keys.</summary>
    public (int Experts, int TopK, bool CorrectionBias, DType LogitsType, bool HashTable) DispatchKey =>
        (Experts, TopK, CorrectionBias, LogitsType, HashTable);

    private string RoutedTopKName => SharedExperts == 0 ? nameof(TopK) : "TopK without the shared experts";

    private string LogitsName => LogitsType switch
    {
        DType.Float32 => "f32",
        DType.Float16 => "f16",
        DType.BFloat16 => "bf16",
        _ => LogitsType.ToString().ToLowerInvariant(),
    };

    /// <inheritdoc/>
    public IReadOnlyList<SpecProblem> Validate()
    {
        var problems = new List<SpecProblem?>
        {
            SpecLimits.Range(nameof(Experts), Experts, SpecLimits.Experts),
            SpecLimits.Range(nameof(TopK), TopK, SpecLimits.TopK),
            SpecLimits.Known(nameof(Scoring), Scoring),
            SpecLimits.Known(nameof(LogitsType), LogitsType) ?? ValidateLogitsType(),
            ValidateSharedExperts() ?? SpecLimits.TopKWithin(RoutedTopK, Experts, RoutedTopKName) ?? ValidateGroups(),
            ValidateHashTable(),
        };
        return problems.OfType<SpecProblem>().ToArray();
    }

    private SpecProblem? ValidateLogitsType() => LogitsType is DType.Float32 or DType.Float16 or DType.BFloat16
        ? null
        : new SpecProblem("KG0007", $"LogitsType {LogitsType} is not supported; use Float32, Float16 or BFloat16", nameof(LogitsType));

    private SpecProblem? ValidateSharedExperts()
    {
        return SharedExperts == 0 || (SharedExperts > 0 && (SharedExperts < TopK || TopK < 1))
            ? null
            : new SpecProblem("KG0003", $"SharedExperts is {SharedExperts}; it must be between 0 and TopK - 1 = {TopK - 1}", nameof(SharedExperts));
    }

    private SpecProblem? ValidateHashTable()
    {
        if (!HashTable) return null;
        var other = CorrectionBias ? nameof(CorrectionBias) : Groups != 1 ? nameof(Groups) : SharedExperts != 0 ? nameof(SharedExperts) : null;
        return other is null
            ? null
            : new SpecProblem("KG0016", $"a gate with a hash table does not select experts, so it cannot have {other}", nameof(HashTable));
    }

    private SpecProblem? ValidateGroups()
    {
        if (Experts < 1 || TopK < 1 || RoutedTopK > Experts) return null; // already reported
        if (Groups < 1 || Experts % Groups != 0)
            return new SpecProblem("KG0005", $"{Experts} experts cannot be divided into {Groups} equal groups", nameof(Groups));
        if (TopKGroups < 1 || TopKGroups > Groups)
            return new SpecProblem("KG0006", $"TopKGroups is {TopKGroups}; it must be between 1 and Groups = {Groups}", nameof(TopKGroups));
        var eligible = Experts / Groups * TopKGroups;
        return RoutedTopK <= eligible
            ? null
            : new SpecProblem("KG0006", $"{RoutedTopKName} is {RoutedTopK}, but {TopKGroups} of {Groups} groups hold only {eligible} experts", nameof(TopKGroups));
    }
}
