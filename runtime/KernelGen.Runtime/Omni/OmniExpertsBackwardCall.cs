using System.ComponentModel;
using System.Numerics.Tensors;

namespace KernelGen.Cpu;

/// <summary>One call of a generated <c>Backward</c> of neuron experts: validated tensors and the workspace.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe ref struct OmniExpertsBackwardCall
{
    private readonly OmniExpertsCall _forward;
    private readonly ReadOnlyTensorSpan<float> _hidden;
    private readonly ReadOnlyTensorSpan<float> _up;
    private readonly ReadOnlyTensorSpan<float> _down;
    private readonly ReadOnlyTensorSpan<float> _weights;
    private readonly ReadOnlyTensorSpan<int> _experts;
    private readonly ReadOnlyTensorSpan<float> _gradOutput;
    private readonly TensorSpan<float> _gradHidden;
    private readonly TensorSpan<float> _gradUp;
    private readonly TensorSpan<float> _gradDown;
    private readonly TensorSpan<float> _gradWeights;

    /// <summary>Validates the arguments of a call. Rows may be strided, but each must be contiguous.</summary>
    /// <param name="hidden">Hidden states [T, H].</param>
    /// <param name="up">U [E, H].</param>
    /// <param name="down">D [E, H].</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Expert ids [T, k].</param>
    /// <param name="gradOutput">Gradients with respect to the output [T, H].</param>
    /// <param name="gradHidden">Receives the gradients of the hidden states [T, H]; like the next three, must not overlap another argument.</param>
    /// <param name="gradUp">Accumulates the gradients of U [E, H].</param>
    /// <param name="gradDown">Accumulates the gradients of D [E, H].</param>
    /// <param name="gradWeights">Receives the gradients of the router weights [T, k].</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape, or rows that are not dense.</exception>
    public OmniExpertsBackwardCall(
        ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> up, ReadOnlyTensorSpan<float> down,
        ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, ReadOnlyTensorSpan<float> gradOutput,
        TensorSpan<float> gradHidden, TensorSpan<float> gradUp, TensorSpan<float> gradDown, TensorSpan<float> gradWeights)
    {
        _forward = OmniExpertsCall.Checked(hidden, up, down, weights, experts, gradOutput, nameof(gradOutput));
        TensorShape.RequireMatrix<float>(gradHidden, nameof(gradHidden), "[T, H]", hidden.Lengths[0], hidden.Lengths[1]);
        TensorShape.RequireMatrix<float>(gradUp, nameof(gradUp), "[E, H]", up.Lengths[0], up.Lengths[1]);
        TensorShape.RequireMatrix<float>(gradDown, nameof(gradDown), "[E, H]", up.Lengths[0], up.Lengths[1]);
        TensorShape.RequireMatrix<float>(gradWeights, nameof(gradWeights), "[T, k]", weights.Lengths[0], weights.Lengths[1]);
        TensorShape.RequireOwnRows<float>(gradHidden, nameof(gradHidden));
        TensorShape.RequireOwnRows<float>(gradUp, nameof(gradUp));
        TensorShape.RequireOwnRows<float>(gradDown, nameof(gradDown));
        TensorShape.RequireOwnRows<float>(gradWeights, nameof(gradWeights));
        if (weights.FlattenedLength > int.MaxValue)
            throw new ArgumentException($"weights has {weights.FlattenedLength} elements; a backward pass supports at most {int.MaxValue}", nameof(weights));
        _hidden = hidden;
        _up = up;
        _down = down;
        _weights = weights;
        _experts = experts;
        _gradOutput = gradOutput;
        _gradHidden = gradHidden;
        _gradUp = gradUp;
        _gradDown = gradDown;
        _gradWeights = gradWeights;
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => _forward.Tokens;

    /// <summary>n, of E = n² experts.</summary>
    public int ExpertsPerAxis => _forward.ExpertsPerAxis;

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => _forward.TopK;

    /// <summary>Hidden size H.</summary>
    public int HiddenSize => _forward.HiddenSize;

    private int Experts => ExpertsPerAxis * ExpertsPerAxis;

    /// <summary>Runs <paramref name="kernel"/> on the call. The workspace has 16 bytes per slot and, with at least as many slots as experts, 4 bytes per expert.</summary>
    /// <param name="kernel">Computes the gradients.</param>
    /// <param name="cancellation">Cancels the call between work items; its outputs are then undefined.</param>
    /// <exception cref="ArgumentOutOfRangeException">An expert id is outside 0 … E − 1; nothing is written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void Run(delegate*<in OmniExpertsGradients, void> kernel, CancellationToken cancellation = default)
    {
        using var scope = new CancellationScope(cancellation);
        if (Tokens == 0) return;
        fixed (float* hidden = &_hidden.GetPinnableReference(), up = &_up.GetPinnableReference(), down = &_down.GetPinnableReference())
        fixed (float* weights = &_weights.GetPinnableReference(), gradOutput = &_gradOutput.GetPinnableReference())
        fixed (int* experts = &_experts.GetPinnableReference())
        fixed (float* gradHidden = &_gradHidden.GetPinnableReference(), gradUp = &_gradUp.GetPinnableReference())
        fixed (float* gradDown = &_gradDown.GetPinnableReference(), gradWeights = &_gradWeights.GetPinnableReference())
        {
            var forward = _forward.Arguments(hidden, up, down, weights, experts, gradOutput);
            var slots = (nuint)Tokens * (nuint)TopK;
            var counts = slots < (nuint)Experts ? 0 : (nuint)Experts;
            var workspace = CpuWorkspace.Rent();
            try
            {
                workspace.Reset(CpuWorkspace.Size<long>(slots) + (2 * CpuWorkspace.Size<float>(slots)) + CpuWorkspace.Size<int>(counts));
                var sorted = workspace.Take<long>(slots);
                SortSlots(forward, TopK, new Span<long>(sorted, (int)slots), new Span<int>(workspace.Take<int>(counts), (int)counts));
                kernel(new OmniExpertsGradients
                {
                    Forward = forward,
                    Hidden = gradHidden,
                    HiddenStride = _gradHidden.Strides[0],
                    Up = gradUp,
                    UpStride = _gradUp.Strides[0],
                    Down = gradDown,
                    DownStride = _gradDown.Strides[0],
                    Weights = gradWeights,
                    WeightsStride = _gradWeights.Strides[0],
                    SortedSlots = sorted,
                    SumGradients = workspace.Take<float>(slots),
                    Activations = workspace.Take<float>(slots),
                });
            }
            finally
            {
                workspace.Return();
            }
        }
    }

    /// <summary>Sorts slots by expert: with at least as many slots as experts, by counting, which is much faster than a comparison sort.</summary>
    /// <param name="call">The arguments.</param>
    /// <param name="topK">Number of experts per token.</param>
    /// <param name="sorted">Receives the expert and slot of each.</param>
    /// <param name="counts">Scratch space for one number per expert, or empty.</param>
    private static void SortSlots(in OmniExpertsArguments call, int topK, Span<long> sorted, Span<int> counts)
    {
        if (counts.IsEmpty)
        {
            for (var slot = 0; slot < sorted.Length; slot++) sorted[slot] = ((long)ExpertOf(call, topK, slot) << 32) | (uint)slot;
            sorted.Sort();
            return;
        }

        counts.Clear();
        for (var slot = 0; slot < sorted.Length; slot++) counts[ExpertOf(call, topK, slot)]++;
        var before = 0;
        for (var expert = 0; expert < counts.Length; expert++) (counts[expert], before) = (before, before + counts[expert]);
        for (var slot = 0; slot < sorted.Length; slot++)
        {
            var expert = ExpertOf(call, topK, slot);
            sorted[counts[expert]++] = ((long)expert << 32) | (uint)slot;
        }
    }

    private static int ExpertOf(in OmniExpertsArguments call, int topK, int slot) => call.Experts[(slot / topK * call.ExpertsStride) + (slot % topK)];
}
