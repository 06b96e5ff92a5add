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
    /// <inheritdoc/>
    public string VariantName
    {
        get
        {
            var bias = CorrectionBias ? "_bias" : "";
            var groups = Groups > 1 ? $"_g{Groups}x{TopKGroups}" : "";
            var raw = Renormalize ? "" : "_norenorm";
            var unspecialized = Specialize ? "" : "_unspecialized";
            return $"moegate_{Scoring.ToString().ToLowerInvariant()}{bias}{groups}{raw}_e{Experts}_k{TopK}_f32_cpu{unspecialized}";
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
            var specialize = Specialize ? "" : ", Specialize = false";
            return $"[MoeGate(Experts = {Experts}, TopK = {TopK}{scoring}{bias}{groups}{renormalize}{specialize})]";
        }
    }

    /// <summary>What run-time shapes can tell apart: two specs of one class with equal keys are ambiguous.</summary>
    public (int Experts, int TopK, bool CorrectionBias) DispatchKey => (Experts, TopK, CorrectionBias);

    /// <inheritdoc/>
    public IReadOnlyList<SpecProblem> Validate()
    {
        var problems = new List<SpecProblem?>
        {
            SpecLimits.Range(nameof(Experts), Experts, SpecLimits.Experts),
            SpecLimits.Range(nameof(TopK), TopK, SpecLimits.TopK),
            SpecLimits.TopKWithin(TopK, Experts),
            SpecLimits.Known(nameof(Scoring), Scoring),
            ValidateGroups(),
        };
        return problems.OfType<SpecProblem>().ToArray();
    }

    private SpecProblem? ValidateGroups()
    {
        if (Experts < 1 || TopK < 1 || TopK > Experts) return null; // has been said already
        if (Groups < 1 || Experts % Groups != 0)
            return new SpecProblem("KG0005", $"{Experts} experts cannot be divided into {Groups} equal groups", nameof(Groups));
        if (TopKGroups < 1 || TopKGroups > Groups)
            return new SpecProblem("KG0006", $"TopKGroups is {TopKGroups}; it must lie between 1 and Groups = {Groups}", nameof(TopKGroups));
        var eligible = Experts / Groups * TopKGroups;
        return TopK <= eligible
            ? null
            : new SpecProblem("KG0006", $"TopK is {TopK}, but {TopKGroups} of {Groups} groups hold only {eligible} experts", nameof(TopKGroups));
    }
}
