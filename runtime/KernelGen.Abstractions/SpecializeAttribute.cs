namespace KernelGen;

/// <summary>
/// In a kernel template, marks what the spec supplies: the value of a <c>const</c> field, the type of a type parameter, or
/// a parameter of a private method for which every call passes a constant.
/// </summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.GenericParameter | AttributeTargets.Parameter)]
public sealed class SpecializeAttribute : Attribute;
