using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The numbers that a product-key router's kernel is called with. Strides count elements from row to row; of a backward pass they are those of the gradients.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct OmniRouterSizes
{
    /// <summary>Stride of the first axis's logits.</summary>
    public long XStride;

    /// <summary>Stride of the second axis's logits.</summary>
    public long YStride;

    /// <summary>Stride of the scores.</summary>
    public long ScoresStride;

    /// <summary>Stride of the ids.</summary>
    public long IndicesStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Keeps the size a multiple of the alignment.</summary>
    public int Unused;
}
