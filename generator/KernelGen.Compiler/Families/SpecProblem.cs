namespace KernelGen.Compiler.Families;

/// <summary>A problem that makes a spec invalid.</summary>
/// <param name="Id">Diagnostic id, for example <c>KG0004</c>; <c>docs/diagnostics</c> has a page for each.</param>
/// <param name="Message">One sentence that states the invalid values.</param>
/// <param name="Argument">The attribute's property that causes the problem.</param>
public sealed record SpecProblem(string Id, string Message, string Argument);
