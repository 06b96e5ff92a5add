using System.Numerics.Tensors;

namespace KernelGen.HuggingFace;

/// <summary>
/// The whole Mixture-of-Experts block of a decoder layer: router, gate, routed experts and, where the family has them, shared
/// experts. The kernels are the caller's: generated at compile time or on demand, whatever declares the layer's shapes.
/// </summary>
/// <typeparam name="T">Type that the experts' weights have in the kernels: one that <see cref="ExpertWeights{T}"/> knows.</typeparam>
/// <remarks>The router computes in single precision, as transformers does. Instances may be used by several threads at once.</remarks>
public sealed class MoeBlock<T> : IDisposable
    where T : unmanaged
{
    private readonly MoeModelConfig _config;
    private readonly GateRoute<float> _route;
    private readonly ExpertsForward<T> _forward;
    private readonly RouterProjection _router;
    private readonly float[] _correctionBias;
    private readonly ExpertWeights<T>? _sharedExpert;
    private readonly RouterProjection? _sharedExpertGate;

    /// <summary>Takes the weights of a layer: in place where they have the type <typeparamref name="T"/>, else converted.</summary>
    /// <param name="layer">The layer's tensors; their checkpoint must stay open as long as the block is used.</param>
    /// <param name="route">A gate of the layer's E, k, scoring, bias and groups.</param>
    /// <param name="forward">
    /// Experts of the layer's E, k, H and I, its activation, its biases and its place of the router weight. A layer with shared experts calls it for these too: as one expert of
    /// <see cref="MoeModelConfig.SharedIntermediateSize"/>, top-1.
    /// </param>
    /// <param name="quantization">Which weights share a scale, for a <typeparamref name="T"/> that has scales: the weights are quantised as they load.</param>
    /// <param name="groupSize">Weights of a group, with <see cref="WeightQuantization.Group"/>.</param>
    /// <param name="cancellation">Ends the loading early.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public MoeBlock(
        MoeLayerTensors layer, GateRoute<float> route, ExpertsForward<T> forward, WeightQuantization quantization = WeightQuantization.None, int groupSize = 0,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(route);
        ArgumentNullException.ThrowIfNull(forward);
        _config = layer.Config;
        (_route, _forward) = (route, forward);
        _router = new RouterProjection(layer.Router, layer.RouterBias);
        _correctionBias = layer.CorrectionBias?.ReadSingles() ?? [];
        _sharedExpertGate = layer.SharedExpertGate is { } gate ? new RouterProjection(gate) : null;
        Experts = Load(layer.Experts, _config.IntermediateSize, Biases(layer));
        if (layer.SharedExpert is { } shared) _sharedExpert = Load([shared], _config.SharedIntermediateSize, biases: null);

        ExpertWeights<T> Load(IReadOnlyList<MlpTensors> experts, int intermediateSize, ExpertBiases? biases)
        {
            if (quantization == WeightQuantization.None) return ExpertMatrices.Load<T>(experts, _config.HiddenSize, intermediateSize, biases, cancellation);
            var (weights, error) = ExpertMatrices.Quantize<T>(experts, _config.HiddenSize, intermediateSize, quantization, groupSize, biases, cancellation);
            LargestWeightError = Math.Max(LargestWeightError, error);
            return weights;
        }
    }

    /// <summary>The largest difference between a weight of the checkpoint and what quantisation made of it; 0 without.</summary>
    public float LargestWeightError { get; private set; }

    /// <summary>The routed experts.</summary>
    public ExpertWeights<T> Experts { get; }

    /// <summary>Chooses the experts of every token: the router's logits, then the gate.</summary>
    /// <param name="hidden">[T, H].</param>
    /// <param name="weights">Receives the weights [T, k], the routed scaling factor included.</param>
    /// <param name="experts">Receives the expert ids [T, k].</param>
    /// <param name="cancellation">Ends the call early; what it writes is undefined then.</param>
    /// <exception cref="ArgumentException">A tensor has another shape.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void Route(ReadOnlyTensorSpan<float> hidden, TensorSpan<float> weights, TensorSpan<int> experts, CancellationToken cancellation = default)
    {
        var logits = new ReadOnlyTensorSpan<float>(Logits(_router, hidden, cancellation), [hidden.Lengths[0], _config.Experts]);
        _route(logits, _correctionBias, weights, experts, _config.RoutedScalingFactor, cancellation: cancellation);
    }

    /// <summary>Computes the block.</summary>
    /// <param name="hidden">[T, H]: what the block receives, after the layer's norm.</param>
    /// <param name="output">Receives [T, H]: what the block returns, before the residual is added.</param>
    /// <param name="cancellation">Ends the call early; what it writes is undefined then.</param>
    /// <exception cref="ArgumentException">A tensor has another shape.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void Forward(ReadOnlyTensorSpan<float> hidden, TensorSpan<float> output, CancellationToken cancellation = default)
    {
        RouterProjection.RequireHidden(hidden, _config.HiddenSize);
        var tokens = hidden.Lengths[0];
        nint[] shape = [tokens, _config.TopK];
        var weights = new TensorSpan<float>(new float[tokens * _config.TopK], shape);
        var experts = new TensorSpan<int>(new int[tokens * _config.TopK], shape);
        Route(hidden, weights, experts, cancellation);
        _forward(hidden, Experts, weights, experts, output, cancellation: cancellation);
        if (_sharedExpert is not null) AddSharedExpert(hidden, _sharedExpert, output, cancellation);
    }

    /// <summary>Releases the weights. Calls that still run must have ended.</summary>
    public void Dispose()
    {
        Experts.Dispose();
        _sharedExpert?.Dispose();
    }

    private void AddSharedExpert(ReadOnlyTensorSpan<float> hidden, ExpertWeights<T> sharedExpert, TensorSpan<float> output, CancellationToken cancellation)
    {
        var tokens = hidden.Lengths[0];
        var weights = new float[tokens];
        if (_sharedExpertGate is null) weights.AsSpan().Fill(1f);
        else TensorPrimitives.Sigmoid(Logits(_sharedExpertGate, hidden, cancellation), weights);

        var shared = new TensorSpan<float>(new float[tokens * _config.HiddenSize], hidden.Lengths);
        _forward(
            hidden, sharedExpert, new ReadOnlyTensorSpan<float>(weights, [tokens, 1]), new ReadOnlyTensorSpan<int>(new int[tokens], [tokens, 1]), shared,
            cancellation: cancellation);
        Tensor.Add<float>(output, shared, output);
    }

    private static ExpertBiases? Biases(MoeLayerTensors layer)
    {
        if (layer.GateUpBias is not { } gateUp || layer.DownBias is not { } down) return null;
        var interleaved = layer.Config.TensorNames.FusedLayout?.HasFlag(ExpertLayout.Interleaved) ?? false;
        return new ExpertBiases(gateUp.ReadSingles(), down.ReadSingles(), layer.Config.Experts, interleaved);
    }

    private static float[] Logits(RouterProjection projection, ReadOnlyTensorSpan<float> hidden, CancellationToken cancellation)
    {
        var logits = new float[hidden.Lengths[0] * projection.Rows];
        projection.Compute(hidden, logits, cancellation);
        return logits;
    }
}
