using System.ComponentModel;
using System.Reflection;

namespace KernelGen.Ilgpu;

/// <summary>The kernels of one generated variant, for tools that inspect them.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IGeneratedKernels
{
    /// <summary>The variant.</summary>
    KernelVariant Variant { get; }

    /// <summary>The kernels' methods.</summary>
    IEnumerable<MethodInfo> Methods { get; }
}
