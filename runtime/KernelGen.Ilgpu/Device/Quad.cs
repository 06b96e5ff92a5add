using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>Four neighbours in memory, which a device reads at once where they are aligned.</summary>
/// <typeparam name="T">Type of an element.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct Quad<T>
    where T : unmanaged
{
    /// <summary>The first.</summary>
    public T X;

    /// <summary>The second.</summary>
    public T Y;

    /// <summary>The third.</summary>
    public T Z;

    /// <summary>The fourth.</summary>
    public T W;
}
