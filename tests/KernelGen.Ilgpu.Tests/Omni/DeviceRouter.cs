using System.Numerics.Tensors;
using KernelGen.Ilgpu;

namespace KernelGen.Tests;

/// <summary>A product-key router on an ILGPU device: uploads, runs, downloads.</summary>
/// <param name="device">The device.</param>
/// <param name="kernels">The router.</param>
/// <param name="form">Who routes a token; by default the device chooses.</param>
internal sealed class DeviceRouter(TestDevice device, OmniRouterKernels kernels, KernelForm? form = null)
{
    /// <summary>An <see cref="OmniRoute"/>.</summary>
    public void Route(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> scores, TensorSpan<int> indices, CancellationToken cancellation = default)
    {
        using var deviceX = new DeviceMatrix<float>(device, x);
        using var deviceY = new DeviceMatrix<float>(device, y);
        using var deviceScores = new DeviceMatrix<float>(device, scores);
        using var deviceIndices = new DeviceMatrix<int>(device, indices);
        Run(DeviceOmniRouterCall.Create(device.Stream, deviceX.View, deviceY.View, deviceScores.View, deviceIndices.View));
        deviceScores.CopyTo(scores);
        deviceIndices.CopyTo(indices);
    }

    /// <summary>An <see cref="OmniRouteBackward"/>.</summary>
    public void RouteBackward(ReadOnlyTensorSpan<int> indices, ReadOnlyTensorSpan<float> gradScores, TensorSpan<float> gradX, TensorSpan<float> gradY, CancellationToken cancellation = default)
    {
        using var deviceIndices = new DeviceMatrix<int>(device, indices);
        using var deviceScores = new DeviceMatrix<float>(device, gradScores);
        using var deviceX = new DeviceMatrix<float>(device, gradX);
        using var deviceY = new DeviceMatrix<float>(device, gradY);
        Run(DeviceOmniRouterCall.CreateBackward(device.Stream, deviceIndices.View, deviceScores.View, deviceX.View, deviceY.View));
        deviceX.CopyTo(gradX);
        deviceY.CopyTo(gradY);
    }

    private void Run(DeviceOmniRouterCall call)
    {
        if (form is { } chosen) call.Run(kernels, chosen);
        else call.Run(kernels);
    }
}
