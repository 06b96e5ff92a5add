namespace KernelGen;

/// <summary>
/// Marks a static class as a kernel template: C# that runs unspecialised, and that the specialisation compiler turns into
/// straight-line code for given values of its <see cref="SpecializeAttribute"/> constants, type parameters and parameters.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class KernelTemplateAttribute : Attribute;
