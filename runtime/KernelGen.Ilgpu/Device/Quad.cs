using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>Four consecutive elements, which a device reads at once if they are aligned.</summary>
/// <typeparam name="T">Element type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct Quad<T>
    where T : unmanaged
{
    /// <summary>First element.</summary>
    public T X;

    /// <summary>Second element.</summary>
    public T Y;

    /// <summary>Third element.</summary>
    public T Z;

    /// <summary>Fourth element.</summary>
    public T W;
}
