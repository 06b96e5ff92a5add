using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>One grouped GEMM on tensor cores: a PTX kernel and the grid it wants.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ExpertGemm
{
    private readonly PtxKernel _kernel;
    private readonly int _groupM;
    private readonly int _columnBlocks;
    private readonly int _threads;

    /// <summary>Loads nothing yet.</summary>
    /// <param name="variant">The variant it belongs to.</param>
    /// <param name="source">The PTX module.</param>
    /// <param name="entry">Its entry.</param>
    /// <param name="blockM">Slots of a block.</param>
    /// <param name="groupM">Blocks of slots that take turns.</param>
    /// <param name="columnBlocks">Blocks of columns.</param>
    /// <param name="slices">Slices of the reduction.</param>
    /// <param name="threads">Threads of a group.</param>
    /// <param name="sharedBytes">Shared memory of a group.</param>
    public ExpertGemm(KernelVariant variant, PtxSource source, string entry, int blockM, int groupM, int columnBlocks, int slices, int threads, int sharedBytes)
    {
        _kernel = new PtxKernel($"{variant.Name} ({entry})", source, entry, sharedBytes);
        (BlockM, _groupM, _columnBlocks, Slices, _threads) = (blockM, groupM, columnBlocks, slices, threads);
    }

    /// <summary>Whether the kernel may start while the one before it in the stream still runs.</summary>
    public bool Chained { get; init; }

    /// <summary>Groups that a multiprocessor holds at once, of a kernel whose groups share all tiles; 0 for one tile a group.</summary>
    public int Resident { get; init; }

    /// <summary>Whether the kernel makes bytes of the intermediate states, with a scale for each 128 of a row, and stores both.</summary>
    public bool RoundsOutput { get; init; }

    /// <summary>The weights that the tensor memory accelerator fetches; null for kernels that load them themselves.</summary>
    public FetchedWeights? Fetched { get; init; }

    /// <summary>Slots of a block.</summary>
    public int BlockM { get; }

    /// <summary>Slices of the reduction. One slice yields bfloat16, more yield sums in single precision.</summary>
    public int Slices { get; }

    /// <summary>The kernel, for tools that look at it.</summary>
    public PtxKernel Kernel => _kernel;

    /// <summary>Launches the product for at most <paramref name="blocks"/> blocks of slots.</summary>
    /// <param name="inputScales">Scales of the activations where those are bytes, else 0.</param>
    /// <param name="outputScales">Receives scales where the kernel rounds its output, else 0.</param>
    internal void Launch(CudaStream stream, nint activations, in ExpertMatrices matrices, nint output, in AlignedSlots slots, int blocks, nint inputScales = 0, nint outputScales = 0)
    {
        var arguments = default(CudaArguments);
        arguments.Add(activations);
        if (Fetched is null) arguments.Add(matrices.Weights);
        else arguments.Add(Fetched.MapOf(matrices.Weights), TensorMap.Alignment);
        arguments.Add(output);
        arguments.Add(CudaArguments.Address(slots.Sorted));
        arguments.Add(CudaArguments.Address(slots.BlockExperts));
        arguments.Add(CudaArguments.Address(slots.Padded));
        arguments.Add(CudaArguments.Address(slots.Weights));
        arguments.Add((int)slots.Weights.Length);
        arguments.Add(matrices.Biases);
        arguments.Add(matrices.Scales);
        arguments.Add(matrices.ZeroPoints);
        if (inputScales != 0) arguments.Add(inputScales);
        if (RoundsOutput) arguments.Add(outputScales);
        _kernel.Launch(stream, Grid(stream.Accelerator, blocks), new Index3D(_threads, 1, 1), arguments, Chained);
    }

    private Index3D Grid(Accelerator accelerator, int blocks)
    {
        if (Resident == 0) return new(checked((blocks + _groupM - 1) / _groupM * _groupM * _columnBlocks), Slices, 1);

        // As many groups, or clusters of them, as run at once; each takes one tile after the other.
        var tiles = (long)blocks * _columnBlocks * Slices;
        var cluster = Fetched?.Cluster ?? 1;
        return new((int)Math.Min(tiles, (long)Resident * accelerator.NumMultiprocessors / cluster) * cluster, 1, 1);
    }
}

/// <summary>The two products for a number of rows of an expert.</summary>
/// <param name="NeedsWgmma">Whether they need <c>wgmma</c>, which compute capability 9.0 alone has.</param>
/// <param name="MaxRows">Rows of an expert, on average, up to which they are the fastest.</param>
/// <param name="GateUp">The first product.</param>
/// <param name="Down">The second product, with blocks as large.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record ExpertGemmPair(bool NeedsWgmma, int MaxRows, ExpertGemm GateUp, ExpertGemm Down)
{
    /// <summary>Slots up to which they are the fastest, however few rows an expert has.</summary>
    public int MaxSlots { get; init; } = int.MaxValue;

    /// <summary>Whether they multiply 8-bit floats, from compute capability 8.9 and CUDA 12.4 on.</summary>
    public bool NeedsFloat8 { get; init; }

    /// <summary>Whether a device has their instructions.</summary>
    internal bool RunsOn(CudaAccelerator cuda) =>
        cuda.Architecture >= CudaArchitecture.SM_80 && (!NeedsWgmma || cuda.Architecture == CudaArchitecture.SM_90)
        && (!NeedsFloat8 || (cuda.Architecture >= CudaArchitecture.SM_89 && cuda.DriverVersion >= CudaDriverVersion.FromMajorMinor(12, 4)));
}

/// <summary>Addresses of one projection of all experts; 0 for what it does not have.</summary>
internal readonly record struct ExpertMatrices(nint Weights, nint Biases, nint Scales, nint ZeroPoints)
{
    /// <summary>Whether all of them can be read 16 bytes at once.</summary>
    public bool IsAligned => (Weights | Biases | Scales | ZeroPoints) % 16 == 0;
}

/// <summary>Slots in the order of their experts, each expert's padded to whole blocks.</summary>
/// <param name="Sorted">The slots; the number of slots pads.</param>
/// <param name="BlockExperts">The expert of each block.</param>
/// <param name="Padded">The number of sorted and padded slots.</param>
/// <param name="Weights">The router weight of each slot.</param>
internal readonly record struct AlignedSlots(ArrayView<int> Sorted, ArrayView<int> BlockExperts, ArrayView<int> Padded, ArrayView<float> Weights);
