using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>What a product-key router reads and writes: some of the tokens of a validated call. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct OmniRouterArguments
{
    /// <summary>Logits of the first axis [tokens, n].</summary>
    public float* X;

    /// <summary>Distance of two rows of <see cref="X"/>.</summary>
    public nint XStride;

    /// <summary>Logits of the second axis [tokens, n].</summary>
    public float* Y;

    /// <summary>Distance of two rows of <see cref="Y"/>.</summary>
    public nint YStride;

    /// <summary>Scores of the chosen experts [tokens, k], in descending order.</summary>
    public float* Scores;

    /// <summary>Distance of two rows of <see cref="Scores"/>.</summary>
    public nint ScoresStride;

    /// <summary>Ids of the chosen experts [tokens, k].</summary>
    public int* Indices;

    /// <summary>Distance of two rows of <see cref="Indices"/>.</summary>
    public nint IndicesStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>The same for the tokens from <paramref name="first"/> on, <paramref name="count"/> of them.</summary>
    public readonly OmniRouterArguments Slice(int first, int count) => this with
    {
        X = X + (first * XStride),
        Y = Y + (first * YStride),
        Scores = Scores + (first * ScoresStride),
        Indices = Indices + (first * IndicesStride),
        Tokens = count,
    };
}
