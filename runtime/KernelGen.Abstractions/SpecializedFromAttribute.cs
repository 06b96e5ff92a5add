namespace KernelGen;

/// <summary>
/// Fills a partial class with the specialised members of a kernel template in the same project, for the values of the class's
/// own <see cref="SpecializeAttribute"/> constants and for the template's type arguments.
/// </summary>
/// <remarks>
/// <code>
/// [SpecializedFrom(typeof(DotTile&lt;float&gt;))]
/// internal static unsafe partial class DotTile2
/// {
///     [Specialize] private const int Rows = 2;
/// }
/// </code>
/// Constants that the class does not declare keep the template's values.
/// </remarks>
/// <param name="template">A class with <see cref="KernelTemplateAttribute"/>; a generic one with all type arguments.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class SpecializedFromAttribute(Type template) : Attribute
{
    /// <summary>The kernel template.</summary>
    public Type Template { get; } = template;

    /// <summary>Width in bits of the vectors that replace the template's <c>Vector256</c>: 128, 256 or 512.</summary>
    public int VectorBits { get; set; } = 256;
}
