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
    private readonly SharedExperts? _sharedExperts;

    /// <summary>Takes the weights of a layer: in place where the checkpoint has them in the format, else converted or quantised.</summary>
    /// <param name="layer">The layer's tensors; their checkpoint must stay open as long as the block is used.</param>
    /// <param name="route">A gate of the layer's E, k, scoring, bias and groups.</param>
    /// <param name="forward">
    /// Experts of the layer's E, k, H and I, its activation, its biases and its place of the router weight. A layer with shared experts calls it for these too: as one expert of
    /// <see cref="MoeModelConfig.SharedIntermediateSize"/>, top-1.
    /// </param>
    /// <param name="format">A format of <typeparamref name="T"/>; by default that of the checkpoint, or the one without scales.</param>
    /// <param name="sharedExperts">
    /// The layer's shared experts, where their weights have another type than <typeparamref name="T"/>; disposed with the block. By default they are loaded as the
    /// routed ones are.
    /// </param>
    /// <param name="progress">Is told how many experts are loaded.</param>
    /// <param name="cancellation">Stops the loading.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not the format's type.</exception>
    /// <exception cref="SafetensorsException">A weight is to be quantised and is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token asked for it.</exception>
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

    /// <summary>The largest difference between a weight of the checkpoint and what quantisation made of it; 0 without.</summary>
    public float LargestWeightError { get; }

    /// <summary>Routed experts of each token, k.</summary>
    public int TopK => _config.TopK;

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
        _sharedExperts?.AddTo(hidden, output, cancellation);
    }

    /// <summary>Releases the weights. Calls that still run must have ended.</summary>
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
