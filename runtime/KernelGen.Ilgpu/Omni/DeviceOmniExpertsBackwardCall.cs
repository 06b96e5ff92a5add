using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Connects a generated <c>Backward</c> of neuron experts with its kernels: validates the views and rents the workspace.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct DeviceOmniExpertsBackwardCall
{
    private readonly DeviceOmniExpertsCall _forward;
    private readonly ArrayView2D<float, Stride2D.DenseX> _gradHidden;
    private readonly ArrayView2D<float, Stride2D.DenseX> _gradUp;
    private readonly ArrayView2D<float, Stride2D.DenseX> _gradDown;
    private readonly ArrayView2D<float, Stride2D.DenseX> _gradWeights;

    /// <summary>Validates the arguments of <c>Backward</c>. The X dimension of a matrix is its row.</summary>
    /// <exception cref="ArgumentException">A view has the wrong extent, or is in another accelerator's memory, or E is not a square.</exception>
    /// <exception cref="ObjectDisposedException">The stream, its accelerator or a buffer is disposed.</exception>
    public DeviceOmniExpertsBackwardCall(
        AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, ArrayView2D<float, Stride2D.DenseX> up, ArrayView2D<float, Stride2D.DenseX> down,
        ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> gradOutput,
        ArrayView2D<float, Stride2D.DenseX> gradHidden, ArrayView2D<float, Stride2D.DenseX> gradUp, ArrayView2D<float, Stride2D.DenseX> gradDown,
        ArrayView2D<float, Stride2D.DenseX> gradWeights)
    {
        _forward = DeviceOmniExpertsCall.Checked(stream, hidden, up, down, weights, experts, gradOutput, nameof(gradOutput));
        var accelerator = stream.Accelerator;
        ViewCheck.RequireMatrix(gradHidden, nameof(gradHidden), "[T, H]", accelerator, hidden.Extent.Y, hidden.Extent.X);
        ViewCheck.RequireMatrix(gradUp, nameof(gradUp), "[E, H]", accelerator, up.Extent.Y, up.Extent.X);
        ViewCheck.RequireMatrix(gradDown, nameof(gradDown), "[E, H]", accelerator, up.Extent.Y, up.Extent.X);
        ViewCheck.RequireMatrix(gradWeights, nameof(gradWeights), "[T, k]", accelerator, weights.Extent.Y, weights.Extent.X);
        ViewCheck.RequireOwnRows(gradHidden, nameof(gradHidden));
        ViewCheck.RequireOwnRows(gradUp, nameof(gradUp));
        ViewCheck.RequireOwnRows(gradDown, nameof(gradDown));
        ViewCheck.RequireOwnRows(gradWeights, nameof(gradWeights));
        const int Most = 1 << 30; // the slots are sorted in a buffer whose length is a power of two
        if (weights.Extent.Y * weights.Extent.X > Most)
            throw new ArgumentException($"weights has {weights.Extent.Y * weights.Extent.X} elements; a backward pass supports at most {Most}", nameof(weights));
        (_gradHidden, _gradUp, _gradDown, _gradWeights) = (gradHidden, gradUp, gradDown, gradWeights);
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => _forward.Tokens;

    /// <summary>n, of E = n² experts.</summary>
    public int ExpertsPerAxis => _forward.ExpertsPerAxis;

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => _forward.TopK;

    /// <summary>Hidden size H.</summary>
    public int HiddenSize => _forward.HiddenSize;

    /// <summary>Enqueues the backward pass.</summary>
    /// <exception cref="DeviceOutOfMemoryException">The device lacks memory for 16 to 24 bytes per slot.</exception>
    public void Run(OmniExpertsKernels kernels)
    {
        var width = kernels.VectorWidth;
        var areAligned = DeviceOmniExpertsCall.AreRowsAligned(_gradHidden, width) && DeviceOmniExpertsCall.AreRowsAligned(_gradUp, width) && DeviceOmniExpertsCall.AreRowsAligned(_gradDown, width);
        var form = _forward.Form(kernels);
        Run(kernels, form == OmniExpertsForm.Group && !areAligned ? OmniExpertsForm.Unaligned : form);
    }

    /// <summary>Enqueues the backward pass in a given form, for tests.</summary>
    internal void Run(OmniExpertsKernels kernels, OmniExpertsForm form)
    {
        if (Tokens == 0) return;
        var slots = Tokens * TopK;
        var room = SlotSort.Room(slots);
        var (stream, inputs, gradOutput) = (_forward.Stream, _forward.Inputs, _forward.Output.BaseView);
        var bytes = DeviceWorkspace.SizeOf<ulong>(room) + (2 * DeviceWorkspace.SizeOf<float>(slots));
        using var workspace = WorkspacePool.Of(stream).Rent(bytes, kernels.Variant.Name);
        var sortedSlots = workspace.Take<ulong>(room);
        var sumGradients = workspace.Take<float>(slots);
        var activations = workspace.Take<float>(slots);
        var sizes = _forward.Sizes;
        sizes.GradHiddenStride = _gradHidden.Stride.YStride;
        sizes.GradUpStride = _gradUp.Stride.YStride;
        sizes.GradDownStride = _gradDown.Stride.YStride;
        sizes.GradWeightsStride = _gradWeights.Stride.YStride;
        SlotSort.Run(stream, inputs.Experts, sortedSlots, new SlotSortSizes { ExpertsStride = sizes.ExpertsStride, Slots = slots, TopK = TopK });
        kernels.LaunchTokens(form, stream, inputs, gradOutput, _gradHidden.BaseView, _gradWeights.BaseView, sumGradients, activations, sizes);
        kernels.LaunchExperts(form, stream, inputs.Hidden, gradOutput, _gradUp.BaseView, _gradDown.BaseView, sortedSlots, sumGradients, activations, sizes, HiddenSize);
    }
}
