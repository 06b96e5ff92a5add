namespace KernelGen.Benchmarking;

/// <summary>How a kernel's results compare with the reference.</summary>
/// <param name="MaxError">Largest absolute error.</param>
/// <param name="Mismatch">The first result that is outside of the tolerance, in words; null when all are inside.</param>
public sealed record Verification(double MaxError, string? Mismatch);
