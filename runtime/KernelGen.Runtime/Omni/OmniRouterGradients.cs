using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>What a product-key router's backward pass reads and writes: some of the tokens of a validated call. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct OmniRouterGradients
{
    /// <summary>Ids of the chosen experts [tokens, k], each 0 … n² − 1.</summary>
    public int* Indices;

    /// <summary>Distance of two rows of <see cref="Indices"/>.</summary>
    public nint IndicesStride;

    /// <summary>Gradients of the scores [tokens, k].</summary>
    public float* Scores;

    /// <summary>Distance of two rows of <see cref="Scores"/>.</summary>
    public nint ScoresStride;

    /// <summary>Receives the gradients of the first axis [tokens, n].</summary>
    public float* X;

    /// <summary>Distance of two rows of <see cref="X"/>.</summary>
    public nint XStride;

    /// <summary>Receives the gradients of the second axis [tokens, n].</summary>
    public float* Y;

    /// <summary>Distance of two rows of <see cref="Y"/>.</summary>
    public nint YStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>The same for the tokens from <paramref name="first"/> on, <paramref name="count"/> of them.</summary>
    public readonly OmniRouterGradients Slice(int first, int count) => this with
    {
        Indices = Indices + (first * IndicesStride),
        Scores = Scores + (first * ScoresStride),
        X = X + (first * XStride),
        Y = Y + (first * YStride),
        Tokens = count,
    };
}
