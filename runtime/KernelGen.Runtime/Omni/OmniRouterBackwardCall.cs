using System.ComponentModel;
using System.Numerics.Tensors;

namespace KernelGen.Cpu;

/// <summary>Connects a generated <c>RouteBackward</c> with its kernel: validates shapes and ids and distributes the tokens over the threads.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe ref struct OmniRouterBackwardCall
{
    // Gradients per work item.
    private const int GradientsPerItem = 64 * 1024;

    private readonly ReadOnlyTensorSpan<int> _indices;
    private readonly ReadOnlyTensorSpan<float> _gradScores;
    private readonly TensorSpan<float> _gradX;
    private readonly TensorSpan<float> _gradY;

    private OmniRouterBackwardCall(ReadOnlyTensorSpan<int> indices, ReadOnlyTensorSpan<float> gradScores, TensorSpan<float> gradX, TensorSpan<float> gradY)
    {
        _indices = indices;
        _gradScores = gradScores;
        _gradX = gradX;
        _gradY = gradY;
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => (int)_indices.Lengths[0];

    /// <summary>Number of keys per axis, n.</summary>
    public int ExpertsPerAxis => (int)_gradX.Lengths[1];

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => (int)_indices.Lengths[1];

    /// <summary>Validates the arguments of a call.</summary>
    /// <param name="indices">Selected experts [T, k]; rows may be strided, but each must be contiguous.</param>
    /// <param name="gradScores">Gradients of their scores [T, k].</param>
    /// <param name="gradX">Receives the gradients of the first axis [T, n]; must not overlap another argument.</param>
    /// <param name="gradY">Receives the gradients of the second axis [T, n]; must not overlap another argument.</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape, or rows that are not dense.</exception>
    public static OmniRouterBackwardCall Create(
        ReadOnlyTensorSpan<int> indices, ReadOnlyTensorSpan<float> gradScores, TensorSpan<float> gradX, TensorSpan<float> gradY)
    {
        TensorShape.RequireMatrix(indices, nameof(indices), "[T, k]", null, null);
        var tokens = indices.Lengths[0];
        TensorShape.RequireMatrix(gradScores, nameof(gradScores), "[T, k]", tokens, indices.Lengths[1]);
        TensorShape.RequireMatrix<float>(gradX, nameof(gradX), "[T, n]", tokens, null);
        TensorShape.RequireMatrix<float>(gradY, nameof(gradY), "[T, n]", tokens, gradX.Lengths[1]);
        TensorShape.RequireOwnRows<float>(gradX, nameof(gradX));
        TensorShape.RequireOwnRows<float>(gradY, nameof(gradY));
        return new OmniRouterBackwardCall(indices, gradScores, gradX, gradY);
    }

    /// <summary>Computes every token's gradients, on all threads if there are enough tokens. Allocates nothing.</summary>
    /// <param name="kernel">Computes the gradients of a range of tokens.</param>
    /// <param name="cancellation">Cancels the call between work items; its outputs are then undefined.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside 0 … n² − 1; nothing is written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void Run(delegate*<in OmniRouterGradients, void> kernel, CancellationToken cancellation = default)
    {
        using var scope = new CancellationScope(cancellation);
        if (Tokens == 0) return;
        fixed (int* indices = &_indices.GetPinnableReference())
        fixed (float* scores = &_gradScores.GetPinnableReference(), x = &_gradX.GetPinnableReference(), y = &_gradY.GetPinnableReference())
        {
            ExpertIds.Require(indices, _indices.Strides[0], Tokens, TopK, ExpertsPerAxis * ExpertsPerAxis, nameof(indices));
            var gradients = new OmniRouterGradients
            {
                Indices = indices,
                IndicesStride = _indices.Strides[0],
                Scores = scores,
                ScoresStride = _gradScores.Strides[0],
                X = x,
                XStride = _gradX.Strides[0],
                Y = y,
                YStride = _gradY.Strides[0],
                Tokens = Tokens,
            };
            var tokensPerItem = Math.Max(GradientsPerItem / (2 * ExpertsPerAxis), 1);
            var work = new Work { Gradients = &gradients, Kernel = kernel, TokensPerItem = tokensPerItem };
            CpuWorkers.Run(&work, ((Tokens - 1) / tokensPerItem) + 1, &RunItem);
        }
    }

    private static void RunItem(void* context, int item)
    {
        var work = (Work*)context;
        var first = item * work->TokensPerItem;
        work->Kernel(work->Gradients->Slice(first, Math.Min(work->TokensPerItem, work->Gradients->Tokens - first)));
    }

    private struct Work
    {
        public OmniRouterGradients* Gradients;
        public delegate*<in OmniRouterGradients, void> Kernel;
        public int TokensPerItem;
    }
}
