using ILGPU.Runtime;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>The weights of a layer's experts in device memory, a repeating pattern.</summary>
internal sealed class ExpertsWeights<T> : IDisposable
    where T : unmanaged
{
    private readonly IDisposable?[] _buffers;

    public ExpertsWeights(AcceleratorStream stream, WeightPattern<T> pattern, int experts, int hiddenSize, int intermediateSize)
    {
        var gateUp = pattern.Allocate(stream, experts, 2 * intermediateSize, hiddenSize);
        var down = pattern.Allocate(stream, experts, hiddenSize, intermediateSize);
        var gateUpScales = pattern.AllocateScales(stream, experts, 2 * intermediateSize, hiddenSize);
        var downScales = pattern.AllocateScales(stream, experts, hiddenSize, intermediateSize);
        var scales = gateUpScales is null ? null : pattern.Scales(gateUpScales.View, downScales!.View);
        OnDevice = DeviceExpertWeights<T>.FromViews(gateUp.View, down.View, experts, hiddenSize, intermediateSize, scales);
        _buffers = [OnDevice, gateUp, down, gateUpScales, downScales];
    }

    public DeviceExpertWeights<T> OnDevice { get; }

    public void Dispose() => Array.ForEach(_buffers, buffer => buffer?.Dispose());
}
