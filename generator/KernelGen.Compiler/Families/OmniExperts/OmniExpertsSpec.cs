namespace KernelGen.Compiler.Families;

/// <summary>Declared neuron experts: the values of an <see cref="OmniExpertsAttribute"/>.</summary>
public sealed record OmniExpertsSpec(int ExpertsPerAxis, int TopK, int HiddenSize, bool Specialize = true) : IKernelSpec
{
    /// <inheritdoc/>
    public KernelFamily Family => OmniExpertsFamily.Instance;

    object IKernelSpec.DispatchKey => DispatchKey;

    /// <inheritdoc/>
    public string VariantName => $"{ConfigurationName}_cpu{(Specialize ? "" : "_unspecialized")}";

    /// <inheritdoc/>
    public string ConfigurationName => $"omniexperts_n{ExpertsPerAxis}_k{TopK}_h{HiddenSize}_f32";

    /// <inheritdoc/>
    public string Declaration =>
        $"[OmniExperts(ExpertsPerAxis = {ExpertsPerAxis}, TopK = {TopK}, HiddenSize = {HiddenSize}{(Specialize ? "" : ", Specialize = false")})]";

    /// <summary>The values by which calls are dispatched: two specs of one class must not have equal keys.</summary>
    public (int ExpertsPerAxis, int TopK, int HiddenSize) DispatchKey => (ExpertsPerAxis, TopK, HiddenSize);

    /// <inheritdoc/>
    public IReadOnlyList<SpecProblem> Validate()
    {
        var problems = new List<SpecProblem>(new OmniRouterSpec(ExpertsPerAxis, TopK).Validate());
        if (SpecLimits.Range(nameof(HiddenSize), HiddenSize, SpecLimits.Width) is { } width) problems.Add(width);
        return problems;
    }
}
