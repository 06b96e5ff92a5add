namespace KernelGen.Compiler.Emission;

/// <summary>One generated file.</summary>
/// <param name="HintName">File name, unique in a compilation, ending in <c>.g.cs</c>.</param>
/// <param name="Text">The C# text.</param>
public sealed record EmittedSource(string HintName, string Text);
