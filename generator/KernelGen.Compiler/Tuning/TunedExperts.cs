using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Tuning;

/// <summary>The CPU variants that tuning files select for declared experts.</summary>
/// <param name="Choices">In ascending order of token counts; the specs differ only in tile and Split-K count.</param>
public sealed record TunedExperts(EquatableArray<TokenChoice> Choices)
{
    /// <summary>The distinct variants.</summary>
    public IEnumerable<FusedMoeSpec> Variants => Choices.Select(choice => choice.Spec).Distinct();

    /// <summary>Whether a declaration is the one that is tuned.</summary>
    public bool AreOf(FusedMoeSpec declared) => Choices[0].Spec.DispatchKey == declared.DispatchKey;
}
