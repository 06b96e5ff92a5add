using System.ComponentModel;
using System.Numerics.Tensors;

namespace KernelGen.Cpu;

/// <summary>One call of a generated <c>Backward</c> of one-neuron experts: the tensors, checked against each other, and the workspace.</summary>
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

    /// <summary>Checks that the arguments of a call fit each other. Rows may lie apart, the elements of a row may not.</summary>
    /// <param name="hidden">Hidden states [T, H].</param>
    /// <param name="up">U [E, H].</param>
    /// <param name="down">D [E, H].</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Expert ids [T, k].</param>
    /// <param name="gradOutput">Gradients of the output [T, H].</param>
    /// <param name="gradHidden">Receives the gradients of the hidden states [T, H]; like the next three, must not overlap another argument.</param>
    /// <param name="gradUp">The gradients of U [E, H] are added to this.</param>
    /// <param name="gradDown">The gradients of D [E, H] are added to this.</param>
    /// <param name="gradWeights">Receives the gradients of the router weights [T, k].</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or rows that are not dense.</exception>
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
            throw new ArgumentException($"weights has {weights.FlattenedLength} elements; a backward pass takes at most {int.MaxValue} at once", nameof(weights));
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

    /// <summary>Experts of each token, k.</summary>
    public int TopK => _forward.TopK;

    /// <summary>Width H of the hidden states.</summary>
    public int HiddenSize => _forward.HiddenSize;

    private int Experts => ExpertsPerAxis * ExpertsPerAxis;

    /// <summary>Runs <paramref name="kernel"/> on the call, with 16 bytes of workspace for each slot and, where there are as many slots as experts, 4 for each expert.</summary>
    /// <param name="kernel">Does it.</param>
    /// <param name="cancellation">Ends the call between work items; what it writes is undefined then.</param>
    /// <exception cref="ArgumentOutOfRangeException">An expert id is none of 0 … E − 1; nothing is written then.</exception>
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
            var workspace = MoeWorkspace.Rent();
            try
            {
                workspace.Reset(MoeWorkspace.Size<long>(slots) + (2 * MoeWorkspace.Size<float>(slots)) + MoeWorkspace.Size<int>(counts));
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

    /// <summary>Sorts slots by their experts: by counting where there are as many slots as experts, which is far quicker than comparing them.</summary>
    /// <param name="call">The arguments.</param>
    /// <param name="topK">Experts of a token.</param>
    /// <param name="sorted">Receives expert and slot of each.</param>
    /// <param name="counts">Room for a number for each expert, or none.</param>
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
