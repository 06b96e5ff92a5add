using System.Numerics.Tensors;

namespace KernelGen.HuggingFace;

/// <summary>
/// The complete Mixture-of-Experts block of a decoder layer: router, gate, routed experts and, if the family has them, shared
/// experts. The caller supplies the kernels, generated at compile time or on demand by any class that declares the layer's shapes.
/// </summary>
/// <typeparam name="T">Type of the experts' weights in the kernels, as supported by <see cref="ExpertWeights{T}"/>.</typeparam>
/// <remarks>The router computes in fp32, as in transformers. An instance may be used by several threads at once.</remarks>
public sealed class MoeBlock<T> : IDisposable
    where T : unmanaged
{
    private readonly MoeModelConfig _config;
    private readonly GateRoute<float> _route;
    private readonly ExpertsForward<T> _forward;
    private readonly RouterProjection _router;
    private readonly float[] _correctionBias;
    private readonly SharedExperts? _sharedExperts;

    /// <summary>Loads the weights of a layer: in place if the checkpoint has them in the format, otherwise converted or quantised.</summary>
    /// <param name="layer">The layer's tensors. Their checkpoint must stay open while the block is in use.</param>
    /// <param name="route">A gate with the layer's E, k, scoring, bias and groups.</param>
    /// <param name="forward">
    /// Experts with the layer's E, k, H and I, activation, biases and side of the router weight. If the layer has shared experts, it is also called for these, as one expert with
    /// intermediate size <see cref="MoeModelConfig.SharedIntermediateSize"/>, top-1.
    /// </param>
    /// <param name="format">A format of type <typeparamref name="T"/>; by default that of the checkpoint, or the one without scales.</param>
    /// <param name="sharedExperts">
    /// The layer's shared experts, if their weights have a type other than <typeparamref name="T"/>; disposed with the block. By default they are loaded like the
    /// routed ones.
    /// </param>
    /// <param name="progress">Receives the number of loaded experts.</param>
    /// <param name="cancellation">Cancels loading.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not the format's type.</exception>
    /// <exception cref="SafetensorsException">A weight to be quantised is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public MoeBlock(
        MoeLayerTensors layer,
        GateRoute<float> route,
        ExpertsForward<T> forward,
        ExpertFormat? format = null,
        SharedExperts? sharedExperts = null,
        IProgress<int>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(route);
        ArgumentNullException.ThrowIfNull(forward);
        _config = layer.Config;
        (_route, _forward) = (route, forward);
        _router = new RouterProjection(layer.Router, layer.RouterBias);
        _correctionBias = layer.CorrectionBias?.ReadSingles() ?? [];
        var loader = new ExpertLoader<T>(ExpertFormats.Choose<T>(format, layer.Format), new LoadProgress(progress, cancellation));
        Experts = loader.Load(layer.Experts, _config.HiddenSize, _config.IntermediateSize, Biases(layer));
        try
        {
            _sharedExperts = sharedExperts ?? (layer.SharedExpert is null ? null : SharedExperts.Load(layer, forward, format, cancellation: cancellation));
        }
        catch
        {
            Experts.Dispose();
            throw;
        }

        LargestWeightError = Math.Max(loader.LargestError, _sharedExperts?.LargestWeightError ?? 0);
    }

    /// <summary>Largest difference between a weight of the checkpoint and its quantised value; 0 without quantisation.</summary>
    public float LargestWeightError { get; }

    /// <summary>Number of routed experts per token, k.</summary>
    public int TopK => _config.TopK;

    /// <summary>The routed experts.</summary>
    public ExpertWeights<T> Experts { get; }

    /// <summary>Selects the experts of every token: computes the router's logits, then the gate.</summary>
    /// <param name="hidden">[T, H].</param>
    /// <param name="weights">Receives the weights [T, k], including the routed scaling factor.</param>
    /// <param name="experts">Receives the expert ids [T, k].</param>
    /// <param name="cancellation">Cancels the call; its outputs are then undefined.</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void Route(ReadOnlyTensorSpan<float> hidden, TensorSpan<float> weights, TensorSpan<int> experts, CancellationToken cancellation = default)
    {
        var logits = new ReadOnlyTensorSpan<float>(Logits(_router, hidden, cancellation), [hidden.Lengths[0], _config.Experts]);
        _route(logits, _correctionBias, weights, experts, _config.RoutedScalingFactor, cancellation: cancellation);
    }

    /// <summary>Computes the block.</summary>
    /// <param name="hidden">[T, H]: the block's input, after the layer's norm.</param>
    /// <param name="output">Receives [T, H]: the block's output, before the residual is added.</param>
    /// <param name="cancellation">Cancels the call; its outputs are then undefined.</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape.</exception>
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
        _sharedExperts?.AddTo(hidden, output, cancellation);
    }

    /// <summary>Releases the weights. Calls in progress must have completed.</summary>
    public void Dispose()
    {
        Experts.Dispose();
        _sharedExperts?.Dispose();
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
