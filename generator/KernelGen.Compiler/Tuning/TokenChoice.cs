using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Tuning;

/// <summary>The variant for a range of token counts.</summary>
/// <param name="MaxTokens">Inclusive end of the range; <see cref="int.MaxValue"/> for the last one.</param>
/// <param name="Spec">The variant.</param>
public sealed record TokenChoice(int MaxTokens, FusedMoeSpec Spec);
