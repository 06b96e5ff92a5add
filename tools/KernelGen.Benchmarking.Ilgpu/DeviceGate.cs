using System.Numerics.Tensors;
using ILGPU;
using ILGPU.Runtime;
using KernelGen.Ilgpu;

namespace KernelGen.Benchmarking;

/// <summary>A gate on a device.</summary>
/// <typeparam name="TLogit">Type of a logit.</typeparam>
/// <param name="stream">A stream of the device.</param>
/// <param name="route">The generated entry point.</param>
public sealed class DeviceGate<TLogit>(AcceleratorStream stream, DeviceGateRoute<TLogit> route) : DeviceRunner<GateRoute<TLogit>>(stream)
    where TLogit : unmanaged
{
    /// <inheritdoc/>
    public override GateRoute<TLogit> Kernel => (logits, correctionBias, weights, experts, factor, nonPaddedTokens, cancellation) =>
    {
        var (deviceWeights, deviceExperts) = (new DeviceMatrix<float>(Accelerator, weights), new DeviceMatrix<int>(Accelerator, experts));
        using var call = Call(logits, correctionBias, deviceWeights, deviceExperts, factor, nonPaddedTokens);
        Run(call, cancellation);
        deviceWeights.CopyTo(weights);
        deviceExperts.CopyTo(experts);
    };

    /// <inheritdoc/>
    protected override GateRoute<TLogit> Staging(Action<DeviceCall> add) => (logits, correctionBias, weights, experts, factor, nonPaddedTokens, _) =>
        add(Call(logits, correctionBias, new DeviceMatrix<float>(Accelerator, weights), new DeviceMatrix<int>(Accelerator, experts), factor, nonPaddedTokens));

    private DeviceCall Call(
        ReadOnlyTensorSpan<TLogit> logits, ReadOnlySpan<float> correctionBias, DeviceMatrix<float> weights, DeviceMatrix<int> experts, float factor, int nonPaddedTokens)
    {
        var deviceLogits = new DeviceMatrix<TLogit>(Accelerator, logits);
        float[] biasValues = correctionBias.IsEmpty ? [0f] : correctionBias.ToArray();
        var bias = new DeviceMatrix<float>(Accelerator, new ReadOnlyTensorSpan<float>(biasValues, [1, biasValues.Length]));
        var biasView = correctionBias.IsEmpty ? ArrayView<float>.Empty : bias.View.BaseView;
        return new DeviceCall(
            s => route(s, deviceLogits.View, biasView, weights.View, experts.View, factor, nonPaddedTokens), deviceLogits, bias, weights, experts);
    }
}
