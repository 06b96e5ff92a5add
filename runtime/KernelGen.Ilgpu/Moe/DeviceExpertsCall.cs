using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KernelGen.Cpu;

namespace KernelGen.Ilgpu;

/// <summary>Connects a generated <c>Forward</c> with its kernels: validates the views, rents a workspace and launches.</summary>
/// <typeparam name="TWeight">Weight type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly partial struct DeviceExpertsCall<TWeight>
    where TWeight : unmanaged
{
    private readonly AcceleratorStream _stream;
    private readonly DeviceExpertWeights<TWeight> _expertWeights;
    private readonly ArrayView<float> _hidden;
    private readonly ArrayView<float> _weights;
    private readonly ArrayView<int> _experts;
    private readonly ArrayView<float> _output;
    private readonly ExpertsSizes _sizes;

    private DeviceExpertsCall(
        AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, DeviceExpertWeights<TWeight> expertWeights,
        ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> output)
    {
        (_stream, _expertWeights, TopK) = (stream, expertWeights, (int)weights.Extent.X);
        (_hidden, _weights, _experts, _output) = (hidden.BaseView, weights.BaseView, experts.BaseView, output.BaseView);
        _sizes = new ExpertsSizes
        {
            HiddenStride = hidden.Stride.YStride,
            WeightsStride = weights.Stride.YStride,
            ExpertsStride = experts.Stride.YStride,
            OutputStride = output.Stride.YStride,
            Tokens = (int)hidden.Extent.Y,
            AlignedOutput = CudaArguments.Address(_output) % 16 == 0 && output.Stride.YStride % 4 == 0 ? 1 : 0,
            HiddenScale = expertWeights.Scales?.InputScales?.GateUp ?? 0,
            ActivationScale = expertWeights.Scales?.InputScales?.Down ?? 0,
        };
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => _sizes.Tokens;

    /// <summary>Number of experts E.</summary>
    public int Experts => _expertWeights.Experts;

    /// <summary>Number of experts per token, k.</summary>
    public int TopK { get; }

    /// <summary>Hidden size H.</summary>
    public int HiddenSize => _expertWeights.HiddenSize;

    /// <summary>Intermediate size I.</summary>
    public int IntermediateSize => _expertWeights.IntermediateSize;

    /// <summary>Which weights share a scale.</summary>
    public WeightQuantization Quantization => _expertWeights.Scales?.Quantization ?? WeightQuantization.None;

    /// <summary>Number of weights per group, or 0.</summary>
    public int GroupSize => _expertWeights.Scales?.GroupSize ?? 0;

    /// <summary>Whether groups have zero points.</summary>
    public bool ZeroPoints => _expertWeights.Scales?.HasZeroPoints ?? false;

    /// <summary>Validates the arguments of <c>Forward</c>. The X dimension of a matrix is its row.</summary>
    /// <exception cref="ArgumentException">A view has the wrong extent, or is in another accelerator's memory.</exception>
    /// <exception cref="ObjectDisposedException">The stream, its accelerator, the weights or a buffer is disposed.</exception>
    public static DeviceExpertsCall<TWeight> Create(
        AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, DeviceExpertWeights<TWeight> expertWeights,
        ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> output)
    {
        var accelerator = StreamCheck.Require(stream);
        ArgumentNullException.ThrowIfNull(expertWeights);
        expertWeights.Require(accelerator, nameof(expertWeights));
        ViewCheck.RequireMatrix(hidden, nameof(hidden), "[T, H]", accelerator, null, expertWeights.HiddenSize);
        var tokens = hidden.Extent.Y;
        ViewCheck.RequireMatrix(weights, nameof(weights), "[T, k]", accelerator, tokens, null);
        ViewCheck.RequireMatrix(experts, nameof(experts), "[T, k]", accelerator, tokens, weights.Extent.X);
        ViewCheck.RequireMatrix(output, nameof(output), "[T, H]", accelerator, tokens, expertWeights.HiddenSize);
        ViewCheck.RequireOwnRows(output, nameof(output));
        return new DeviceExpertsCall<TWeight>(stream, hidden, expertWeights, weights, experts, output);
    }

    /// <summary>The slice count for this call: the requested one or, if that is 0, the fewest slices that occupy most SMs.</summary>
    /// <param name="asked">The requested count; 0 leaves the choice open.</param>
    /// <param name="declared">The declared counts in ascending order.</param>
    /// <param name="columnsOfGroup">Columns of the first GEMM per thread block if there are few slots.</param>
    public int SplitK(int asked, ReadOnlySpan<int> declared, int columnsOfGroup = 64)
    {
        if (asked != 0) return asked;
        var groups = (long)Tokens * TopK * Math.Max(2 * IntermediateSize / columnsOfGroup, 1);
        foreach (var slices in declared)
        {
            if (groups * slices * 4 >= 3L * _stream.Accelerator.NumMultiprocessors) return slices;
        }

        return declared[^1];
    }

    /// <summary>The same, if a tuning file decides for the device.</summary>
    public int SplitK<TBits>(int asked, ReadOnlySpan<int> declared, ExpertsKernels<TBits> tuned, int columnsOfGroup = 64)
        where TBits : unmanaged =>
        asked == 0 && tuned.Tuned(_stream.Accelerator, Tokens) is { } choice ? choice.Slices : SplitK(asked, declared, columnsOfGroup);

    /// <summary>Enqueues a forward pass: routes each token through its experts and accumulates their weighted outputs.</summary>
    /// <typeparam name="TBits">The type of the same size by which kernels handle weights.</typeparam>
    /// <exception cref="ArgumentException">The experts lack a part that the kernels need, or have one that they do not support.</exception>
    public void Run<TBits>(ExpertsKernels<TBits> kernels)
        where TBits : unmanaged
    {
        ExpertParts.Require(
            (kernels.Shape.IsGated, kernels.Shape.HasBias, kernels.Shape.Inputs == ActivationQuantization.StaticTensor),
            (_expertWeights.IsGated, _expertWeights.Biases is not null, _expertWeights.Scales?.InputScales is not null));
        if (Tokens == 0) return;
        if (kernels.Choose(_stream.Accelerator, (long)Tokens * TopK, Matrices(isDown: false), Matrices(isDown: true)) is { } pair) RunOnTensorCores(kernels, pair);
        else RunPortable(kernels, _expertWeights.GateUp.Cast<TBits>(), _expertWeights.Down.Cast<TBits>());
    }

    /// <summary>Runs the tensor-core GEMMs.</summary>
    internal void RunOnTensorCores<TBits>(ExpertsKernels<TBits> kernels, ExpertGemmPair pair)
        where TBits : unmanaged
    {
        if (kernels.Bytes is { } bytes) RunInBytes(kernels, bytes, pair);
        else RunInBFloat16(kernels, pair);
    }

    /// <summary>bf16 inputs, fp32 accumulation.</summary>
    private void RunInBFloat16<TBits>(ExpertsKernels<TBits> kernels, ExpertGemmPair pair)
        where TBits : unmanaged
    {
        var gateUp = Matrices(isDown: false);
        var stream = (CudaStream)_stream;
        var (slots, blocks, sizes) = Blocks(pair);
        var gateUpSums = GateUpSums(kernels.Shape, pair.GateUp);
        var bytes = AlignedSlotsSize.Bytes(slots, blocks, sizes.BlockM)
            + DeviceWorkspace.SizeOf<uint>((long)Tokens * HiddenSize / 2)
            + DeviceWorkspace.SizeOf<ushort>((long)slots * IntermediateSize)
            + DeviceWorkspace.SizeOf<float>(gateUpSums)
            + DeviceWorkspace.SizeOf<float>(DownSums(pair.Down));
        using var workspace = WorkspacePool.Of(stream).Rent(bytes, kernels.Variant.Name);
        var aligned = AlignedSlotsSize.Take(workspace, slots, blocks, sizes.BlockM);
        var rounded = workspace.Take<uint>((long)Tokens * HiddenSize / 2);
        var intermediate = workspace.Take<ushort>((long)slots * IntermediateSize);

        kernels.Prepare(stream, _hidden, _weights, _experts, rounded, aligned, sizes);
        if (pair.GateUp.Slices == 1)
        {
            pair.GateUp.Launch(stream, CudaArguments.Address(rounded), gateUp, CudaArguments.Address(intermediate), aligned, blocks);
        }
        else
        {
            var sums = workspace.Take<float>(gateUpSums);
            pair.GateUp.Launch(stream, CudaArguments.Address(rounded), gateUp, CudaArguments.Address(sums), aligned, blocks);
            kernels.Activate(stream, Phase(sums, isDown: false), intermediate, sizes);
        }

        RunDown(kernels, pair.Down, workspace, CudaArguments.Address(intermediate), aligned, blocks, sizes);
    }

    /// <summary>The call's slots, the maximum number of blocks that they fill, and the kernels' sizes.</summary>
    private (int Slots, int Blocks, ExpertsSizes Sizes) Blocks(ExpertGemmPair pair)
    {
        var slots = checked(Tokens * TopK);
        var sizes = _sizes;
        sizes.BlockM = pair.GateUp.BlockM;
        return (slots, AlignedSlotsSize.MaxBlocks(slots, Experts, sizes.BlockM), sizes);
    }

    /// <summary>The second GEMM, and the sum over each token's slots.</summary>
    private void RunDown<TBits>(
        ExpertsKernels<TBits> kernels, ExpertGemm gemm, DeviceWorkspace workspace, nint intermediate, in AlignedSlots slots, int blocks, in ExpertsSizes sizes, nint inputScales = 0)
        where TBits : unmanaged
    {
        var (stream, down) = ((CudaStream)_stream, Matrices(isDown: true));
        if (gemm.Slices == 1)
        {
            var sums = workspace.Take<uint>(DownSums(gemm) / 2);
            gemm.Launch(stream, intermediate, down, CudaArguments.Address(sums), slots, blocks, inputScales);
            kernels.Combine(stream, sums, _experts, _output, sizes);
        }
        else
        {
            var sums = workspace.Take<float>(DownSums(gemm));
            gemm.Launch(stream, intermediate, down, CudaArguments.Address(sums), slots, blocks, inputScales);
            kernels.Combine(stream, sums, _experts, _output, sizes);
        }
    }

    /// <summary>Number of sums that the first GEMM leaves: none if it applies the activation itself.</summary>
    private long GateUpSums(in DeclaredExperts shape, ExpertGemm gemm) => gemm.Slices == 1 ? 0 : (long)gemm.Slices * Tokens * TopK * shape.GateUpWidth;

    private long DownSums(ExpertGemm gemm) => (long)gemm.Slices * Tokens * TopK * HiddenSize;

    private ExpertMatrices Matrices(bool isDown)
    {
        var (scales, biases) = (_expertWeights.Scales, _expertWeights.Biases);
        return new(
            CudaArguments.Address(isDown ? _expertWeights.Down : _expertWeights.GateUp),
            CudaArguments.Address((isDown ? biases?.Down : biases?.GateUp).GetValueOrDefault()),
            CudaArguments.Address((isDown ? scales?.Down : scales?.GateUp).GetValueOrDefault()),
            CudaArguments.Address((isDown ? scales?.DownZeroPoints : scales?.GateUpZeroPoints).GetValueOrDefault()));
    }
}
