using System.ComponentModel;
using System.Numerics.Tensors;

namespace KernelGen.Cpu;

/// <summary>Between a generated <c>Route</c> and its kernel: checks the shapes and divides the tokens among the processors.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe ref struct GateCall
{
    // Logits that one work item reads: microseconds of work, well above what handing it over costs.
    private const int LogitsPerItem = 16 * 1024;

    // Items are a multiple of this, so that no kernel's tile of tokens is cut in two.
    private const int TokenMultiple = 16;

    private readonly ReadOnlyTensorSpan<float> _logits;
    private readonly ReadOnlySpan<float> _correctionBias;
    private readonly TensorSpan<float> _weights;
    private readonly TensorSpan<int> _experts;
    private readonly float _routedScalingFactor;

    private GateCall(
        ReadOnlyTensorSpan<float> logits, ReadOnlySpan<float> correctionBias, TensorSpan<float> weights, TensorSpan<int> experts, float routedScalingFactor)
    {
        _logits = logits;
        _correctionBias = correctionBias;
        _weights = weights;
        _experts = experts;
        _routedScalingFactor = routedScalingFactor;
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => (int)_logits.Lengths[0];

    /// <summary>Number of experts E.</summary>
    public int Experts => (int)_logits.Lengths[1];

    /// <summary>Experts chosen for each token, k.</summary>
    public int TopK => (int)_weights.Lengths[1];

    /// <summary>Whether there is a correction bias.</summary>
    public bool HasCorrectionBias => !_correctionBias.IsEmpty;

    /// <summary>Checks that the arguments of a call fit each other.</summary>
    /// <param name="logits">[T, E]; rows may lie apart, the elements of a row may not.</param>
    /// <param name="correctionBias">[E], or empty.</param>
    /// <param name="weights">Receives the weights [T, k]; must not overlap another argument.</param>
    /// <param name="experts">Receives the expert ids [T, k]; must not overlap another argument.</param>
    /// <param name="routedScalingFactor">Every weight is multiplied by this.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or rows that are not dense.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="routedScalingFactor"/> is not finite, or there are more tokens than an <see cref="int"/> counts.</exception>
    public static GateCall Create(
        ReadOnlyTensorSpan<float> logits, ReadOnlySpan<float> correctionBias, TensorSpan<float> weights, TensorSpan<int> experts, float routedScalingFactor)
    {
        TensorShape.RequireMatrix(logits, nameof(logits), "[T, E]", null, null);
        var tokens = logits.Lengths[0];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, int.MaxValue, nameof(logits));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(logits.Lengths[1], int.MaxValue, nameof(logits));
        if (!correctionBias.IsEmpty && correctionBias.Length != logits.Lengths[1])
            throw new ArgumentException($"correctionBias has {correctionBias.Length} elements; expected [E] = [{logits.Lengths[1]}], or none", nameof(correctionBias));

        TensorShape.RequireMatrix<float>(weights, nameof(weights), "[T, k]", tokens, null);
        TensorShape.RequireMatrix<int>(experts, nameof(experts), "[T, k]", tokens, weights.Lengths[1]);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(weights.Lengths[1], int.MaxValue, nameof(weights));
        TensorShape.RequireOwnRows<float>(weights, nameof(weights));
        TensorShape.RequireOwnRows<int>(experts, nameof(experts));
        if (!float.IsFinite(routedScalingFactor))
            throw new ArgumentOutOfRangeException(nameof(routedScalingFactor), routedScalingFactor, "the routed scaling factor must be finite");
        return new GateCall(logits, correctionBias, weights, experts, routedScalingFactor);
    }

    /// <summary>Routes every token, on all processors when there are enough tokens. Allocates nothing.</summary>
    /// <param name="kernel">Routes the tokens it is given.</param>
    public void Run(delegate*<in GateArguments, void> kernel)
    {
        if (Tokens == 0) return;
        fixed (float* logits = &_logits.GetPinnableReference())
        fixed (float* correctionBias = _correctionBias)
        fixed (float* weights = &_weights.GetPinnableReference())
        fixed (int* experts = &_experts.GetPinnableReference())
        {
            var arguments = new GateArguments
            {
                Logits = logits,
                LogitsStride = _logits.Strides[0],
                CorrectionBias = correctionBias,
                Weights = weights,
                WeightsStride = _weights.Strides[0],
                Experts = experts,
                ExpertsStride = _experts.Strides[0],
                Tokens = Tokens,
                RoutedScalingFactor = _routedScalingFactor,
            };
            var tokensPerItem = Math.Max(LogitsPerItem / Experts / TokenMultiple, 1) * TokenMultiple;
            if (Tokens <= tokensPerItem)
            {
                kernel(in arguments);
                return;
            }

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
        public GateArguments* Arguments;
        public delegate*<in GateArguments, void> Kernel;
        public int TokensPerItem;
    }
}
