using ILGPU;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <content>The 8-bit tensor-core GEMMs. The inputs of both are quantised first, from fp32; those of the second by a kernel or by the first GEMM.</content>
public readonly partial struct DeviceExpertsCall<TWeight>
{
    private void RunInBytes<TBits>(ExpertsKernels<TBits> kernels, ExpertsByteKernels bytes, ExpertGemmPair pair)
        where TBits : unmanaged
    {
        if (pair.GateUp.RoundsOutput) RunInBytesAlone(kernels, bytes, pair);
        else RunWithSingles(kernels, bytes, pair);
    }

    /// <summary>The first GEMM quantises its results itself, each group of a row separately.</summary>
    private void RunInBytesAlone<TBits>(ExpertsKernels<TBits> kernels, ExpertsByteKernels bytes, ExpertGemmPair pair)
        where TBits : unmanaged
    {
        var stream = (CudaStream)_stream;
        var (slots, blocks, sizes) = Blocks(pair);
        var (hiddenLength, intermediateLength) = ((long)Tokens * HiddenSize, (long)slots * IntermediateSize);
        var (hiddenScales, intermediateScales) = ((long)Tokens * bytes.ScalesPerRow(HiddenSize), (long)slots * bytes.ScalesPerRow(IntermediateSize));
        using var workspace = WorkspacePool.Of(stream).Rent(
            AlignedSlotsSize.Bytes(slots, blocks, sizes.BlockM)
            + DeviceWorkspace.SizeOf<byte>(hiddenLength) + DeviceWorkspace.SizeOf<float>(hiddenScales) + DeviceWorkspace.SizeOf<int>(1)
            + DeviceWorkspace.SizeOf<byte>(intermediateLength) + DeviceWorkspace.SizeOf<float>(intermediateScales) + DeviceWorkspace.SizeOf<float>(DownSums(pair.Down)),
            kernels.Variant.Name);
        var aligned = AlignedSlotsSize.Take(workspace, slots, blocks, sizes.BlockM);
        var hidden = new RoundedInputs(workspace.Take<byte>(hiddenLength), workspace.Take<float>(hiddenScales), workspace.Take<int>(1));
        var intermediate = CudaArguments.Address(workspace.Take<byte>(intermediateLength));
        var scales = CudaArguments.Address(workspace.Take<float>(intermediateScales));

        bytes.Prepare(stream, _hidden, _weights, _experts, hidden, aligned, sizes);
        pair.GateUp.Launch(stream, CudaArguments.Address(hidden.Numbers), Matrices(isDown: false), intermediate, aligned, blocks, CudaArguments.Address(hidden.Scales), scales);
        RunDown(kernels, pair.Down, workspace, intermediate, aligned, blocks, sizes, scales);
    }

    private void RunWithSingles<TBits>(ExpertsKernels<TBits> kernels, ExpertsByteKernels bytes, ExpertGemmPair pair)
        where TBits : unmanaged
    {
        var (stream, shape, portable) = ((CudaStream)_stream, kernels.Shape, kernels.Portable);
        var (slots, blocks, sizes) = Blocks(pair);

        // The intermediate states reuse the memory of the hidden states and their scales, which are no longer needed.
        var intermediateLength = (long)slots * IntermediateSize;
        var numbersLength = Math.Max((long)Tokens * HiddenSize, intermediateLength);
        var scalesLength = Math.Max((long)Tokens * bytes.ScalesPerRow(HiddenSize), (long)slots * bytes.ScalesPerRow(IntermediateSize));
        var gateUpSums = GateUpSums(shape, pair.GateUp);
        using var workspace = WorkspacePool.Of(stream).Rent(
            AlignedSlotsSize.Bytes(slots, blocks, sizes.BlockM)
            + DeviceWorkspace.SizeOf<byte>(numbersLength) + DeviceWorkspace.SizeOf<float>(scalesLength) + DeviceWorkspace.SizeOf<int>(1)
            + DeviceWorkspace.SizeOf<float>(intermediateLength) + DeviceWorkspace.SizeOf<float>(gateUpSums) + DeviceWorkspace.SizeOf<float>(DownSums(pair.Down)),
            kernels.Variant.Name);
        var aligned = AlignedSlotsSize.Take(workspace, slots, blocks, sizes.BlockM);
        var rounded = new RoundedInputs(workspace.Take<byte>(numbersLength), workspace.Take<float>(scalesLength), workspace.Take<int>(1));
        var intermediate = workspace.Take<float>(intermediateLength);
        var (numbers, scales) = (CudaArguments.Address(rounded.Numbers), CudaArguments.Address(rounded.Scales));

        portable.Measure(stream, isDown: false, _hidden, _experts, rounded.Largest, sizes);
        bytes.Prepare(stream, _hidden, _weights, _experts, rounded, aligned, sizes);
        if (pair.GateUp.Slices == 1)
        {
            pair.GateUp.Launch(stream, numbers, Matrices(isDown: false), CudaArguments.Address(intermediate), aligned, blocks, scales);
        }
        else
        {
            var sums = workspace.Take<float>(gateUpSums);
            pair.GateUp.Launch(stream, numbers, Matrices(isDown: false), CudaArguments.Address(sums), aligned, blocks, scales);
            portable.Activate(stream, Phase(sums, isDown: false, rounded.Scales), intermediate, sizes);
        }

        portable.Measure(stream, isDown: true, intermediate, _experts, rounded.Largest, sizes);
        bytes.Round(stream, intermediate, _experts, rounded, sizes);
        RunDown(kernels, pair.Down, workspace, numbers, aligned, blocks, sizes, scales);
    }
}
