using System.Numerics.Tensors;
using ILGPU.Runtime;
using KernelGen.Ilgpu;

namespace KernelGen.Benchmarking;

/// <summary>Experts on a device. Their weights are copied there on the first call and stay there.</summary>
/// <typeparam name="T">Type of a weight.</typeparam>
/// <param name="stream">A stream of the device.</param>
/// <param name="forward">The generated entry point.</param>
public sealed class DeviceExperts<T>(AcceleratorStream stream, DeviceExpertsForward<T> forward) : DeviceRunner<ExpertsForward<T>>(stream)
    where T : unmanaged
{
    private readonly Dictionary<ExpertWeights<T>, DeviceExpertWeights<T>> _uploaded = new(ReferenceEqualityComparer.Instance);

    /// <inheritdoc/>
    public override ExpertsForward<T> Kernel => (hidden, expertWeights, weights, experts, output, splitK, cancellation) =>
    {
        var deviceOutput = new DeviceMatrix<float>(Accelerator, output);
        using var call = Call(hidden, expertWeights, weights, experts, deviceOutput, splitK);
        Run(call, cancellation);
        deviceOutput.CopyTo(output);
    };

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var weights in _uploaded.Values) weights.Dispose();
    }

    /// <inheritdoc/>
    protected override ExpertsForward<T> Staging(Action<DeviceCall> add) => (hidden, expertWeights, weights, experts, output, splitK, _) =>
        add(Call(hidden, expertWeights, weights, experts, new DeviceMatrix<float>(Accelerator, output), splitK));

    private DeviceCall Call(
        ReadOnlyTensorSpan<float> hidden, ExpertWeights<T> expertWeights, ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, DeviceMatrix<float> output, int splitK)
    {
        if (!_uploaded.TryGetValue(expertWeights, out var uploaded))
        {
            uploaded = DeviceExpertWeights<T>.Upload(Stream, expertWeights);
            _uploaded.Add(expertWeights, uploaded);
        }

        var deviceHidden = new DeviceMatrix<float>(Accelerator, hidden);
        var deviceWeights = new DeviceMatrix<float>(Accelerator, weights);
        var deviceExperts = new DeviceMatrix<int>(Accelerator, experts);
        return new DeviceCall(
            s => forward(s, deviceHidden.View, uploaded, deviceWeights.View, deviceExperts.View, output.View, splitK), deviceHidden, deviceWeights, deviceExperts, output);
    }
}
