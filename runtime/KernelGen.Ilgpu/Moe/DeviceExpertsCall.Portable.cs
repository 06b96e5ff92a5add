using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <content>The portable GEMMs.</content>
public readonly partial struct DeviceExpertsCall<TWeight>
{
    /// <summary>Runs the portable kernels.</summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="gateUp">Gate and up projections.</param>
    /// <param name="down">Down projections.</param>
    /// <param name="tile">The tile of the GEMMs; null selects it by the number of slots.</param>
    internal void RunPortable<TBits>(ExpertsKernels<TBits> kernels, in ArrayView<TBits> gateUp, in ArrayView<TBits> down, ExpertTile? tile = null)
        where TBits : unmanaged
    {
        var (portable, shape) = (kernels.Portable, kernels.Shape);
        var slots = checked(Tokens * TopK);
        var form = tile ?? portable.Choose(_stream.Accelerator, slots);
        var isSorted = form != ExpertTile.Rows;
        var rounds = shape.Inputs != ActivationQuantization.None;
        var sizes = _sizes;
        sizes.BlockM = PortableExpertsKernels<TBits>.TileSlots(form);

        var blocks = isSorted ? AlignedSlotsSize.MaxBlocks(slots, Experts, sizes.BlockM) : 0;
        var sumsLength = (long)shape.SplitK * slots * Math.Max(shape.GateUpWidth, HiddenSize);
        var intermediateLength = (long)slots * IntermediateSize;
        var roundedLength = rounds ? (long)Tokens * HiddenSize : 0;
        var bytes = DeviceWorkspace.SizeOf<float>(sumsLength) + DeviceWorkspace.SizeOf<float>(intermediateLength) + DeviceWorkspace.SizeOf<float>(roundedLength)
            + (rounds ? DeviceWorkspace.SizeOf<float>(slots) + DeviceWorkspace.SizeOf<int>(1) : 0)
            + (isSorted ? AlignedSlotsSize.Bytes(slots, blocks, sizes.BlockM) : 0);
        using var workspace = WorkspacePool.Of(_stream).Rent(bytes, kernels.Variant.Name);
        var sums = workspace.Take<float>(sumsLength);
        var intermediate = workspace.Take<float>(intermediateLength);
        var inputScales = rounds ? workspace.Take<float>(slots) : default; // per token, then per slot
        var largest = rounds ? workspace.Take<int>(1) : default;
        var aligned = isSorted ? AlignedSlotsSize.Take(workspace, slots, blocks, sizes.BlockM) : default;
        if (isSorted) kernels.Sort(_stream, _weights, _experts, aligned, sizes);

        var hidden = _hidden;
        if (rounds)
        {
            hidden = workspace.Take<float>(roundedLength);
            portable.Round(_stream, isDown: false, _hidden, _experts, largest, inputScales, hidden, sizes);
            sizes.HiddenStride = HiddenSize;
        }

        portable.Multiply(_stream, form, isDown: false, Operands(hidden, gateUp, isDown: false), aligned, sums, sizes);
        portable.Activate(_stream, Phase(sums, isDown: false, inputScales), intermediate, sizes);
        if (rounds) portable.Round(_stream, isDown: true, intermediate, _experts, largest, inputScales, intermediate, sizes);
        portable.Multiply(_stream, form, isDown: true, Operands(intermediate, down, isDown: true), aligned, sums, sizes);
        portable.Combine(_stream, Phase(sums, isDown: true, inputScales), _output, sizes);
    }

    private ExpertOperands<TBits> Operands<TBits>(in ArrayView<float> inputs, in ArrayView<TBits> matrices, bool isDown)
        where TBits : unmanaged =>
        _expertWeights.Scales is { } scales
            ? new(inputs, matrices, isDown ? scales.Down : scales.GateUp, isDown ? scales.DownZeroPoints : scales.GateUpZeroPoints, _experts)
            : new(inputs, matrices, default, default, _experts);

    private ExpertPhase Phase(in ArrayView<float> sums, bool isDown, in ArrayView<float> inputScales = default)
    {
        var (scales, biases) = (_expertWeights.Scales, _expertWeights.Biases);
        return new(
            sums, (isDown ? scales?.Down : scales?.GateUp).GetValueOrDefault(), (isDown ? biases?.Down : biases?.GateUp).GetValueOrDefault(), _weights, _experts, inputScales);
    }
}
