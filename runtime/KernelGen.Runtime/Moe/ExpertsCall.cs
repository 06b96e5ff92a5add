using System.ComponentModel;
using System.Numerics.Tensors;

namespace KernelGen.Cpu;

/// <summary>One call of a generated <c>Forward</c> with validated tensors.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe ref struct ExpertsCall
{
    private readonly ReadOnlyTensorSpan<float> _hidden;
    private readonly ReadOnlyTensorSpan<float> _weights;
    private readonly ReadOnlyTensorSpan<int> _experts;
    private readonly TensorSpan<float> _output;
    private readonly ExpertPointers _pointers;

    private ExpertsCall(
        ReadOnlyTensorSpan<float> hidden, ExpertPointers pointers, ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> output)
    {
        _hidden = hidden;
        _weights = weights;
        _experts = experts;
        _output = output;
        _pointers = pointers;
    }

    /// <summary>Number of experts E.</summary>
    public int Experts => _pointers.Experts;

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => (int)_weights.Lengths[1];

    /// <summary>Hidden size H.</summary>
    public int HiddenSize => _pointers.HiddenSize;

    /// <summary>Intermediate size I.</summary>
    public int IntermediateSize => _pointers.IntermediateSize;

    /// <summary>Which weights share a scale.</summary>
    public WeightQuantization Quantization => _pointers.Scales?.Quantization ?? WeightQuantization.None;

    /// <summary>Number of weights per group, or 0.</summary>
    public int GroupSize => _pointers.Scales?.GroupSize ?? 0;

    /// <summary>Whether groups have zero points.</summary>
    public bool ZeroPoints => _pointers.Scales?.HasZeroPoints ?? false;

    /// <summary>Number of tokens T.</summary>
    public int Tokens => (int)_hidden.Lengths[0];

    /// <summary>Validates the tensors against each other and against the weights.</summary>
    /// <param name="hidden">Hidden states [T, H].</param>
    /// <param name="expertWeights">The experts.</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Expert ids [T, k].</param>
    /// <param name="output">Result [T, H].</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape, or rows that are not dense.</exception>
    public static ExpertsCall Create<T>(
        ReadOnlyTensorSpan<float> hidden, ExpertWeights<T> expertWeights, ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> output)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(expertWeights);
        nint hiddenSize = expertWeights.HiddenSize;
        TensorShape.RequireMatrix(hidden, nameof(hidden), "[T, H]", null, hiddenSize);
        var tokens = hidden.Lengths[0];
        TensorShape.RequireMatrix(weights, nameof(weights), "[T, k]", tokens, null);
        TensorShape.RequireMatrix(experts, nameof(experts), "[T, k]", tokens, weights.Lengths[1]);
        TensorShape.RequireMatrix<float>(output, nameof(output), "[T, H]", tokens, hiddenSize);
        return new ExpertsCall(hidden, expertWeights.Pointers, weights, experts, output);
    }

    /// <summary>Runs <paramref name="kernel"/> on the call.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="gated">Whether the kernel's activation has an up projection.</param>
    /// <param name="bias">Whether the kernel adds biases.</param>
    /// <param name="inputScales">Whether the kernel quantises the GEMM inputs with static scales.</param>
    /// <param name="cancellation">Cancels the call between work items; its outputs are then undefined.</param>
    /// <exception cref="ArgumentException">The experts lack a part that the kernel needs, or have one that it does not support.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An expert id is neither −1 nor within 0 … E − 1. The output may be partly written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void Run(delegate*<in ExpertsArguments, void> kernel, bool gated = true, bool bias = false, bool inputScales = false, CancellationToken cancellation = default)
    {
        using var scope = new CancellationScope(cancellation);
        ExpertParts.Require((gated, bias, inputScales), (_pointers.Gated, _pointers.Biases is not null, _pointers.Scales?.InputScales is not null));
        fixed (float* hidden = &_hidden.GetPinnableReference(), weights = &_weights.GetPinnableReference(), output = &_output.GetPinnableReference())
        fixed (int* experts = &_experts.GetPinnableReference())
        {
            kernel(new ExpertsArguments
            {
                Hidden = hidden,
                HiddenStride = _hidden.Strides[0],
                Weights = weights,
                WeightsStride = _weights.Strides[0],
                Experts = experts,
                ExpertsStride = _experts.Strides[0],
                Output = output,
                OutputStride = _output.Strides[0],
                Tokens = Tokens,
                Gate = _pointers.Gate,
                Up = _pointers.Up,
                Down = _pointers.Down,
                GateScales = _pointers.GateScales,
                UpScales = _pointers.UpScales,
                DownScales = _pointers.DownScales,
                GateUpBias = _pointers.Biases is { } first ? first.GateUpAddress : null,
                DownBias = _pointers.Biases is { } second ? second.DownAddress : null,
                HiddenScale = _pointers.Scales?.InputScales?.GateUp ?? 0,
                ActivationScale = _pointers.Scales?.InputScales?.Down ?? 0,
            });
        }

        GC.KeepAlive(_pointers.Owner);
    }
}
