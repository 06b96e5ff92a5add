using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The numbers that the sorting of slots is called with.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct SlotSortSizes
{
    /// <summary>Elements from one row of ids to the next.</summary>
    public long ExpertsStride;

    /// <summary>T · k.</summary>
    public int Slots;

    /// <summary>Experts of each token, k.</summary>
    public int TopK;
}
