namespace KernelGen.Compiler.Families;

/// <summary>A reason why a spec cannot become a kernel.</summary>
/// <param name="Id">Diagnostic id, for example <c>KG0004</c>; <c>docs/diagnostics</c> has a page for each.</param>
/// <param name="Message">One sentence with the numbers that are wrong.</param>
/// <param name="Argument">The attribute's property that the problem lies in.</param>
public sealed record SpecProblem(string Id, string Message, string Argument);
