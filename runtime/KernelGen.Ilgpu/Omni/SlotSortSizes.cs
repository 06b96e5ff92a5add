using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The sizes passed to the slot sort.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct SlotSortSizes
{
    /// <summary>Row stride of the ids.</summary>
    public long ExpertsStride;

    /// <summary>T · k.</summary>
    public int Slots;

    /// <summary>Number of experts per token, k.</summary>
    public int TopK;
}
