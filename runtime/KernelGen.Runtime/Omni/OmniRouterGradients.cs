using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Inputs and outputs of the backward pass of a product-key router: a range of the tokens of a validated call. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct OmniRouterGradients
{
    /// <summary>Ids of the selected experts [tokens, k], each within 0 … n² − 1.</summary>
    public int* Indices;

    /// <summary>Row stride of <see cref="Indices"/>.</summary>
    public nint IndicesStride;

    /// <summary>Gradients of the scores [tokens, k].</summary>
    public float* Scores;

    /// <summary>Row stride of <see cref="Scores"/>.</summary>
    public nint ScoresStride;

    /// <summary>Receives the gradients of the first axis [tokens, n].</summary>
    public float* X;

    /// <summary>Row stride of <see cref="X"/>.</summary>
    public nint XStride;

    /// <summary>Receives the gradients of the second axis [tokens, n].</summary>
    public float* Y;

    /// <summary>Row stride of <see cref="Y"/>.</summary>
    public nint YStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>The same for <paramref name="count"/> tokens starting at <paramref name="first"/>.</summary>
    public readonly OmniRouterGradients Slice(int first, int count) => this with
    {
        Indices = Indices + (first * IndicesStride),
        Scores = Scores + (first * ScoresStride),
        X = X + (first * XStride),
        Y = Y + (first * YStride),
        Tokens = count,
    };
}
