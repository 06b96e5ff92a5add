using System.Numerics.Tensors;
using ILGPU.Runtime;
using KernelGen.Ilgpu;

namespace KernelGen.Benchmarking;

/// <summary>A product-key router on a device.</summary>
/// <param name="stream">A stream of the device.</param>
/// <param name="route">The generated entry point.</param>
public sealed class DeviceOmniRouter(AcceleratorStream stream, DeviceOmniRoute route) : DeviceRunner<OmniRoute>(stream)
{
    /// <inheritdoc/>
    public override OmniRoute Kernel => (x, y, scores, indices, cancellation) =>
    {
        var (deviceScores, deviceIndices) = (new DeviceMatrix<float>(Accelerator, scores), new DeviceMatrix<int>(Accelerator, indices));
        using var call = Call(x, y, deviceScores, deviceIndices);
        Run(call, cancellation);
        deviceScores.CopyTo(scores);
        deviceIndices.CopyTo(indices);
    };

    /// <inheritdoc/>
    protected override OmniRoute Staging(Action<DeviceCall> add) => (x, y, scores, indices, _) =>
        add(Call(x, y, new DeviceMatrix<float>(Accelerator, scores), new DeviceMatrix<int>(Accelerator, indices)));

    private DeviceCall Call(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, DeviceMatrix<float> scores, DeviceMatrix<int> indices)
    {
        var (deviceX, deviceY) = (new DeviceMatrix<float>(Accelerator, x), new DeviceMatrix<float>(Accelerator, y));
        return new DeviceCall(s => route(s, deviceX.View, deviceY.View, scores.View, indices.View), deviceX, deviceY, scores, indices);
    }
}

/// <summary>The backward pass of a product-key router on a device.</summary>
/// <param name="stream">A stream of the device.</param>
/// <param name="backward">The generated entry point.</param>
public sealed class DeviceOmniRouterBackward(AcceleratorStream stream, DeviceOmniRouteBackward backward) : DeviceRunner<OmniRouteBackward>(stream)
{
    /// <inheritdoc/>
    public override OmniRouteBackward Kernel => (indices, gradScores, gradX, gradY, cancellation) =>
    {
        var (deviceX, deviceY) = (new DeviceMatrix<float>(Accelerator, gradX), new DeviceMatrix<float>(Accelerator, gradY));
        using var call = Call(indices, gradScores, deviceX, deviceY);
        Run(call, cancellation);
        deviceX.CopyTo(gradX);
        deviceY.CopyTo(gradY);
    };

    /// <inheritdoc/>
    protected override OmniRouteBackward Staging(Action<DeviceCall> add) => (indices, gradScores, gradX, gradY, _) =>
        add(Call(indices, gradScores, new DeviceMatrix<float>(Accelerator, gradX), new DeviceMatrix<float>(Accelerator, gradY)));

    private DeviceCall Call(ReadOnlyTensorSpan<int> indices, ReadOnlyTensorSpan<float> gradScores, DeviceMatrix<float> gradX, DeviceMatrix<float> gradY)
    {
        var (deviceIndices, deviceScores) = (new DeviceMatrix<int>(Accelerator, indices), new DeviceMatrix<float>(Accelerator, gradScores));
        return new DeviceCall(s => backward(s, deviceIndices.View, deviceScores.View, gradX.View, gradY.View), deviceIndices, deviceScores, gradX, gradY);
    }
}
