using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Tuning;

/// <summary>The variant that serves a range of token numbers.</summary>
/// <param name="MaxTokens">The range's end, included; <see cref="int.MaxValue"/> for the last one.</param>
/// <param name="Spec">The variant.</param>
public sealed record TokenChoice(int MaxTokens, FusedMoeSpec Spec);
