using System.Numerics.Tensors;
using KernelGen.Ilgpu;

namespace KernelGen.Tests;

/// <summary>One-neuron experts on an ILGPU device: uploads, runs, downloads.</summary>
/// <param name="device">The device.</param>
/// <param name="kernels">The experts.</param>
/// <param name="form">Who does the work of a token; by default the device and the views choose.</param>
internal sealed class DeviceNeurons(TestDevice device, OmniExpertsKernels kernels, OmniExpertsForm? form = null)
{
    /// <summary>An <see cref="OmniExpertsForward"/>.</summary>
    public void Forward(
        ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> up, ReadOnlyTensorSpan<float> down,
        ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> output, CancellationToken cancellation = default)
    {
        using var deviceHidden = new DeviceMatrix<float>(device, hidden);
        using var deviceUp = new DeviceMatrix<float>(device, up);
        using var deviceDown = new DeviceMatrix<float>(device, down);
        using var deviceWeights = new DeviceMatrix<float>(device, weights);
        using var deviceExperts = new DeviceMatrix<int>(device, experts);
        using var deviceOutput = new DeviceMatrix<float>(device, output);
        var call = DeviceOmniExpertsCall.Create(device.Stream, deviceHidden.View, deviceUp.View, deviceDown.View, deviceWeights.View, deviceExperts.View, deviceOutput.View);
        if (form is { } chosen) call.Run(kernels, chosen);
        else call.Run(kernels);
        deviceOutput.CopyTo(output);
    }

    /// <summary>An <see cref="OmniExpertsBackward"/>.</summary>
    public void Backward(
        ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> up, ReadOnlyTensorSpan<float> down,
        ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, ReadOnlyTensorSpan<float> gradOutput,
        TensorSpan<float> gradHidden, TensorSpan<float> gradUp, TensorSpan<float> gradDown, TensorSpan<float> gradWeights, CancellationToken cancellation = default)
    {
        using var deviceHidden = new DeviceMatrix<float>(device, hidden);
        using var deviceUp = new DeviceMatrix<float>(device, up);
        using var deviceDown = new DeviceMatrix<float>(device, down);
        using var deviceWeights = new DeviceMatrix<float>(device, weights);
        using var deviceExperts = new DeviceMatrix<int>(device, experts);
        using var deviceGradOutput = new DeviceMatrix<float>(device, gradOutput);
        using var deviceGradHidden = new DeviceMatrix<float>(device, gradHidden);
        using var deviceGradUp = new DeviceMatrix<float>(device, gradUp);
        using var deviceGradDown = new DeviceMatrix<float>(device, gradDown);
        using var deviceGradWeights = new DeviceMatrix<float>(device, gradWeights);
        var call = new DeviceOmniExpertsBackwardCall(
            device.Stream, deviceHidden.View, deviceUp.View, deviceDown.View, deviceWeights.View, deviceExperts.View, deviceGradOutput.View,
            deviceGradHidden.View, deviceGradUp.View, deviceGradDown.View, deviceGradWeights.View);
        if (form is { } chosen) call.Run(kernels, chosen);
        else call.Run(kernels);
        deviceGradHidden.CopyTo(gradHidden);
        deviceGradUp.CopyTo(gradUp);
        deviceGradDown.CopyTo(gradDown);
        deviceGradWeights.CopyTo(gradWeights);
    }
}
