using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>The sizes passed to a product-key router's kernel. Strides are row strides in elements; in a backward pass, those of the gradients.</summary>
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

    /// <summary>Padding to a multiple of the alignment.</summary>
    public int Unused;
}
