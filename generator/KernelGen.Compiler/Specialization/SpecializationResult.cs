namespace KernelGen.Compiler.Specialization;

/// <summary>The outcome of one specialisation.</summary>
/// <param name="Source">The class declaration, four spaces a level, starting at column 0; empty when there are problems.</param>
/// <param name="Usings">The template's using directives, each a whole line, without duplicates.</param>
/// <param name="Problems">What could not be specialised, with the template's lines.</param>
public sealed record SpecializationResult(string Source, EquatableArray<string> Usings, EquatableArray<TemplateProblem> Problems);

/// <summary>Something in a template that cannot be specialised.</summary>
/// <param name="Id">Diagnostic id, <c>KG1001</c> and on.</param>
/// <param name="Message">What and why, in one sentence.</param>
/// <param name="Path">The template's file.</param>
/// <param name="Line">Line in that file, from 1.</param>
/// <param name="Column">Column in that line, from 1.</param>
public sealed record TemplateProblem(string Id, string Message, string Path, int Line, int Column);
