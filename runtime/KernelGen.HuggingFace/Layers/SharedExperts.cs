using System.Numerics.Tensors;

namespace KernelGen.HuggingFace;

/// <summary>
/// The shared experts of a layer, as one MLP that serves every token. Their weights may have a different format from the
/// routed experts: quantisers often leave them unquantised.
/// </summary>
public abstract class SharedExperts : IDisposable
{
    private readonly RouterProjection? _gate;

    private SharedExperts(MoeLayerTensors layer) => _gate = layer.SharedExpertGate is { } gate ? new RouterProjection(gate) : null;

    /// <summary>Largest difference between a weight of the checkpoint and its quantised value; 0 without quantisation.</summary>
    public float LargestWeightError { get; private init; }

    /// <summary>Loads their weights: in place if the checkpoint has them in the format, otherwise converted or quantised.</summary>
    /// <typeparam name="T">Type of the weights in the kernel.</typeparam>
    /// <param name="layer">A layer with shared experts. Its checkpoint must stay open while they are in use.</param>
    /// <param name="forward">Experts with E = 1, k = 1, H, intermediate size <see cref="MoeModelConfig.SharedIntermediateSize"/> and the layer's activation.</param>
    /// <param name="format">A format of type <typeparamref name="T"/>; by default that of the checkpoint, or the one without scales.</param>
    /// <param name="progress">Receives the number of loaded experts.</param>
    /// <param name="cancellation">Cancels loading.</param>
    /// <exception cref="ArgumentException">The layer has no shared experts, or <typeparamref name="T"/> is not the format's type.</exception>
    public static SharedExperts Load<T>(
        MoeLayerTensors layer, ExpertsForward<T> forward, ExpertFormat? format = null, IProgress<int>? progress = null, CancellationToken cancellation = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(forward);
        if (layer.SharedExpert is not { } mlp) throw new ArgumentException($"layer {layer.Layer} of {layer.Config.ModelType} has no shared experts", nameof(layer));
        var loader = new ExpertLoader<T>(ExpertFormats.Choose<T>(format, mlp.Gate.Format), new LoadProgress(progress, cancellation));
        var weights = loader.Load([mlp], layer.Config.HiddenSize, layer.Config.SharedIntermediateSize, biases: null);
        return new Of<T>(layer, weights, forward) { LargestWeightError = loader.LargestError };
    }

    /// <summary>Adds their output for hidden states [T, H] to an output [T, H].</summary>
    internal void AddTo(ReadOnlyTensorSpan<float> hidden, TensorSpan<float> output, CancellationToken cancellation)
    {
        var tokens = hidden.Lengths[0];
        var weights = new float[tokens];
        if (_gate is null) weights.AsSpan().Fill(1f);
        else
        {
            _gate.Compute(hidden, weights, cancellation);
            TensorPrimitives.Sigmoid(weights, weights);
        }

        var shared = new TensorSpan<float>(new float[tokens * hidden.Lengths[1]], hidden.Lengths);
        Forward(hidden, new ReadOnlyTensorSpan<float>(weights, [tokens, 1]), new ReadOnlyTensorSpan<int>(new int[tokens], [tokens, 1]), shared, cancellation);
        Tensor.Add<float>(output, shared, output);
    }

    /// <summary>Releases the weights. Calls in progress must have completed.</summary>
    public abstract void Dispose();

    private protected abstract void Forward(
        ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> output, CancellationToken cancellation);

    private sealed class Of<T>(MoeLayerTensors layer, ExpertWeights<T> weights, ExpertsForward<T> forward) : SharedExperts(layer)
        where T : unmanaged
    {
        public override void Dispose() => weights.Dispose();

        private protected override void Forward(
            ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> routerWeights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> output, CancellationToken cancellation) =>
            forward(hidden, weights, routerWeights, experts, output, cancellation: cancellation);
    }
}
