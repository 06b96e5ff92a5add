using System.ComponentModel;
using System.Numerics.Tensors;

namespace KernelGen.Cpu;

/// <summary>Connects a generated <c>Route</c> of a product-key router with its kernel: validates the shapes and distributes the tokens over the threads.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe ref struct OmniRouterCall
{
    // Logits per work item: microseconds of work, well above the cost of handing it to another thread.
    private const int LogitsPerItem = 16 * 1024;

    // Items are a multiple of this, so that no kernel's tile of tokens is split.
    private const int TokenMultiple = 4;

    private readonly ReadOnlyTensorSpan<float> _x;
    private readonly ReadOnlyTensorSpan<float> _y;
    private readonly TensorSpan<float> _scores;
    private readonly TensorSpan<int> _indices;

    private OmniRouterCall(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> scores, TensorSpan<int> indices)
    {
        _x = x;
        _y = y;
        _scores = scores;
        _indices = indices;
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => (int)_x.Lengths[0];

    /// <summary>Number of keys per axis, n.</summary>
    public int ExpertsPerAxis => (int)_x.Lengths[1];

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => (int)_scores.Lengths[1];

    /// <summary>Validates the arguments of a call.</summary>
    /// <param name="x">[T, n]; rows may be strided, but each must be contiguous.</param>
    /// <param name="y">[T, n].</param>
    /// <param name="scores">Receives the scores [T, k]; must not overlap another argument.</param>
    /// <param name="indices">Receives the expert ids [T, k]; must not overlap another argument.</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape, or rows that are not dense.</exception>
    public static OmniRouterCall Create(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> scores, TensorSpan<int> indices)
    {
        TensorShape.RequireMatrix(x, nameof(x), "[T, n]", null, null);
        var tokens = x.Lengths[0];
        TensorShape.RequireMatrix(y, nameof(y), "[T, n]", tokens, x.Lengths[1]);
        TensorShape.RequireMatrix<float>(scores, nameof(scores), "[T, k]", tokens, null);
        TensorShape.RequireMatrix<int>(indices, nameof(indices), "[T, k]", tokens, scores.Lengths[1]);
        TensorShape.RequireOwnRows<float>(scores, nameof(scores));
        TensorShape.RequireOwnRows<int>(indices, nameof(indices));
        return new OmniRouterCall(x, y, scores, indices);
    }

    /// <summary>Routes every token, on all threads if there are enough tokens. Allocates nothing.</summary>
    /// <param name="kernel">Routes a range of tokens.</param>
    /// <param name="cancellation">Cancels the call between work items; its outputs are then undefined.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void Run(delegate*<in OmniRouterArguments, void> kernel, CancellationToken cancellation = default)
    {
        using var scope = new CancellationScope(cancellation);
        if (Tokens == 0) return;
        fixed (float* x = &_x.GetPinnableReference(), y = &_y.GetPinnableReference(), scores = &_scores.GetPinnableReference())
        fixed (int* indices = &_indices.GetPinnableReference())
        {
            var arguments = new OmniRouterArguments
            {
                X = x,
                XStride = _x.Strides[0],
                Y = y,
                YStride = _y.Strides[0],
                Scores = scores,
                ScoresStride = _scores.Strides[0],
                Indices = indices,
                IndicesStride = _indices.Strides[0],
                Tokens = Tokens,
            };
            var tokensPerItem = Math.Max(LogitsPerItem / (2 * ExpertsPerAxis) / TokenMultiple, 1) * TokenMultiple;
            var work = new Work { Arguments = &arguments, Kernel = kernel, TokensPerItem = tokensPerItem };
            CpuWorkers.Run(&work, ((Tokens - 1) / tokensPerItem) + 1, &RunItem);
        }
    }

    private static void RunItem(void* context, int item)
    {
        var work = (Work*)context;
        var first = item * work->TokensPerItem;
        work->Kernel(work->Arguments->Slice(first, Math.Min(work->TokensPerItem, work->Arguments->Tokens - first)));
    }

    private struct Work
    {
        public OmniRouterArguments* Arguments;
        public delegate*<in OmniRouterArguments, void> Kernel;
        public int TokensPerItem;
    }
}
