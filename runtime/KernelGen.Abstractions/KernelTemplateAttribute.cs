namespace KernelGen;

/// <summary>
/// Marks a static class as a kernel template: C# that runs as it stands and that the specialisation compiler turns into
/// straight code for given values of its <see cref="SpecializeAttribute"/> constants, type parameters and parameters.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class KernelTemplateAttribute : Attribute;
