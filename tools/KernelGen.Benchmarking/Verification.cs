namespace KernelGen.Benchmarking;

/// <summary>The result of comparing a kernel with the reference.</summary>
/// <param name="MaxError">Largest absolute error.</param>
/// <param name="Mismatch">A description of the first result outside the tolerance, or null.</param>
public sealed record Verification(double MaxError, string? Mismatch);
