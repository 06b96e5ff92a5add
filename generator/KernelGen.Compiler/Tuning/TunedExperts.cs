using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Tuning;

/// <summary>The CPU variants that tuning files choose for declared experts.</summary>
/// <param name="Choices">By numbers of tokens, the fewest first; the specs differ in tile and Split-K number only.</param>
public sealed record TunedExperts(EquatableArray<TokenChoice> Choices)
{
    /// <summary>The different variants.</summary>
    public IEnumerable<FusedMoeSpec> Variants => Choices.Select(choice => choice.Spec).Distinct();

    /// <summary>Whether a declaration is the one that is tuned.</summary>
    public bool AreOf(FusedMoeSpec declared) => Choices[0].Spec.DispatchKey == declared.DispatchKey;
}
