namespace KernelGen.Compiler.Families;

/// <summary>One declared product-key router: the values of an <see cref="OmniRouterAttribute"/>.</summary>
public sealed record OmniRouterSpec(int ExpertsPerAxis, int TopK, bool Specialize = true) : IKernelSpec
{
    /// <summary>Maximum number of keys per axis.</summary>
    public const int MaxExpertsPerAxis = 4096;

    /// <summary>Maximum top-k.</summary>
    public const int MaxTopK = 128;

    /// <inheritdoc/>
    public KernelFamily Family => OmniRouterFamily.Instance;

    object IKernelSpec.DispatchKey => DispatchKey;

    /// <inheritdoc/>
    public string VariantName => $"{ConfigurationName}_cpu{(Specialize ? "" : "_unspecialized")}";

    /// <inheritdoc/>
    public string ConfigurationName => $"omnirouter_n{ExpertsPerAxis}_k{TopK}_f32";

    /// <inheritdoc/>
    public string Declaration => $"[OmniRouter(ExpertsPerAxis = {ExpertsPerAxis}, TopK = {TopK}{(Specialize ? "" : ", Specialize = false")})]";

    /// <summary>The values by which calls are dispatched: two specs of one class must not have equal keys.</summary>
    public (int ExpertsPerAxis, int TopK) DispatchKey => (ExpertsPerAxis, TopK);

    /// <inheritdoc/>
    public IReadOnlyList<SpecProblem> Validate()
    {
        var problems = new List<SpecProblem?>
        {
            SpecLimits.Range(nameof(ExpertsPerAxis), ExpertsPerAxis, MaxExpertsPerAxis),
            SpecLimits.Range(nameof(TopK), TopK, MaxTopK),
            ValidatePairs(),
        };
        return problems.OfType<SpecProblem>().ToArray();
    }

    private SpecProblem? ValidatePairs()
    {
        if (ExpertsPerAxis is < 1 or > MaxExpertsPerAxis || TopK is < 1 or > MaxTopK) return null; // already reported
        var experts = ExpertsPerAxis * ExpertsPerAxis;
        return TopK <= experts
            ? null
            : new SpecProblem("KG0004", $"TopK is {TopK}, but there are only {experts} experts, {ExpertsPerAxis} per axis", nameof(TopK));
    }
}
