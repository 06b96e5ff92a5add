namespace KernelGen;

/// <summary>
/// In a kernel template: a <c>const</c> field whose value the spec gives, a type parameter whose type the spec gives, or
/// a parameter of a private helper for which every call passes a constant.
/// </summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.GenericParameter | AttributeTargets.Parameter)]
public sealed class SpecializeAttribute : Attribute;
