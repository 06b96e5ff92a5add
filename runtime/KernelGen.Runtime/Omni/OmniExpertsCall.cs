using System.ComponentModel;
using System.Numerics.Tensors;

namespace KernelGen.Cpu;

/// <summary>One call of a generated <c>Forward</c> of neuron experts with validated tensors.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe ref struct OmniExpertsCall
{
    private readonly ReadOnlyTensorSpan<float> _hidden;
    private readonly ReadOnlyTensorSpan<float> _up;
    private readonly ReadOnlyTensorSpan<float> _down;
    private readonly ReadOnlyTensorSpan<float> _weights;
    private readonly ReadOnlyTensorSpan<int> _experts;
    private readonly ReadOnlyTensorSpan<float> _output;

    private OmniExpertsCall(
        ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> up, ReadOnlyTensorSpan<float> down,
        ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, ReadOnlyTensorSpan<float> output)
    {
        _hidden = hidden;
        _up = up;
        _down = down;
        _weights = weights;
        _experts = experts;
        _output = output;
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => (int)_hidden.Lengths[0];

    /// <summary>n, of E = n² experts.</summary>
    public int ExpertsPerAxis => (int)Math.Sqrt(_up.Lengths[0]);

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => (int)_weights.Lengths[1];

    /// <summary>Hidden size H.</summary>
    public int HiddenSize => (int)_hidden.Lengths[1];

    /// <summary>Validates the arguments of a call. Rows may be strided, but each must be contiguous.</summary>
    /// <param name="hidden">Hidden states [T, H].</param>
    /// <param name="up">U [E, H].</param>
    /// <param name="down">D [E, H].</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Expert ids [T, k].</param>
    /// <param name="output">Receives the result [T, H]; must not overlap another argument.</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape, or rows that are not dense, or E is not a square.</exception>
    public static OmniExpertsCall Create(
        ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> up, ReadOnlyTensorSpan<float> down,
        ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> output)
    {
        var call = Checked(hidden, up, down, weights, experts, output, nameof(output));
        TensorShape.RequireOwnRows<float>(output, nameof(output));
        return call;
    }

    /// <summary>Runs <paramref name="kernel"/> on the call.</summary>
    /// <param name="kernel">Computes the output.</param>
    /// <param name="cancellation">Cancels the call between work items; its outputs are then undefined.</param>
    /// <exception cref="ArgumentOutOfRangeException">An expert id is outside 0 … E − 1; nothing is written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void Run(delegate*<in OmniExpertsArguments, void> kernel, CancellationToken cancellation = default)
    {
        using var scope = new CancellationScope(cancellation);
        if (Tokens == 0) return;
        fixed (float* hidden = &_hidden.GetPinnableReference(), up = &_up.GetPinnableReference(), down = &_down.GetPinnableReference())
        fixed (float* weights = &_weights.GetPinnableReference(), output = &_output.GetPinnableReference())
        fixed (int* experts = &_experts.GetPinnableReference())
        {
            kernel(Arguments(hidden, up, down, weights, experts, output));
        }
    }

    /// <summary>The same validation if the gradients with respect to the output are read.</summary>
    internal static OmniExpertsCall Checked(
        ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> up, ReadOnlyTensorSpan<float> down,
        ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, ReadOnlyTensorSpan<float> output, string outputName)
    {
        TensorShape.RequireMatrix(hidden, nameof(hidden), "[T, H]", null, null);
        var (tokens, hiddenSize) = (hidden.Lengths[0], hidden.Lengths[1]);
        TensorShape.RequireMatrix(up, nameof(up), "[E, H]", null, hiddenSize);
        var perAxis = (nint)Math.Sqrt(up.Lengths[0]);
        if (perAxis * perAxis != up.Lengths[0]) throw new ArgumentException($"up has {up.Lengths[0]} rows; expected [E, H] with E = n² experts", nameof(up));
        TensorShape.RequireMatrix(down, nameof(down), "[E, H]", up.Lengths[0], hiddenSize);
        TensorShape.RequireMatrix(weights, nameof(weights), "[T, k]", tokens, null);
        TensorShape.RequireMatrix(experts, nameof(experts), "[T, k]", tokens, weights.Lengths[1]);
        TensorShape.RequireMatrix(output, outputName, "[T, H]", tokens, hiddenSize);
        return new OmniExpertsCall(hidden, up, down, weights, experts, output);
    }

    /// <summary>The pinned tensors with their strides, after validating the ids.</summary>
    internal OmniExpertsArguments Arguments(float* hidden, float* up, float* down, float* weights, int* experts, float* output)
    {
        ExpertIds.Require(experts, _experts.Strides[0], Tokens, TopK, (int)_up.Lengths[0], nameof(experts));
        return new OmniExpertsArguments
        {
            Hidden = hidden,
            HiddenStride = _hidden.Strides[0],
            Up = up,
            UpStride = _up.Strides[0],
            Down = down,
            DownStride = _down.Strides[0],
            Weights = weights,
            WeightsStride = _weights.Strides[0],
            Experts = experts,
            ExpertsStride = _experts.Strides[0],
            Output = output,
            OutputStride = _output.Strides[0],
            Tokens = Tokens,
        };
    }
}
