using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Inputs and outputs of a product-key router: a range of the tokens of a validated call. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct OmniRouterArguments
{
    /// <summary>Logits of the first axis [tokens, n].</summary>
    public float* X;

    /// <summary>Row stride of <see cref="X"/>.</summary>
    public nint XStride;

    /// <summary>Logits of the second axis [tokens, n].</summary>
    public float* Y;

    /// <summary>Row stride of <see cref="Y"/>.</summary>
    public nint YStride;

    /// <summary>Scores of the selected experts [tokens, k], in descending order.</summary>
    public float* Scores;

    /// <summary>Row stride of <see cref="Scores"/>.</summary>
    public nint ScoresStride;

    /// <summary>Ids of the selected experts [tokens, k].</summary>
    public int* Indices;

    /// <summary>Row stride of <see cref="Indices"/>.</summary>
    public nint IndicesStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>The same for <paramref name="count"/> tokens starting at <paramref name="first"/>.</summary>
    public readonly OmniRouterArguments Slice(int first, int count) => this with
    {
        X = X + (first * XStride),
        Y = Y + (first * YStride),
        Scores = Scores + (first * ScoresStride),
        Indices = Indices + (first * IndicesStride),
        Tokens = count,
    };
}
