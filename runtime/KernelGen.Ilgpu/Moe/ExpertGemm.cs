using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>A grouped tensor-core GEMM: a PTX kernel and its grid.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ExpertGemm
{
    private readonly PtxKernel _kernel;
    private readonly int _groupM;
    private readonly int _columnBlocks;
    private readonly int _threads;

    /// <summary>Creates a GEMM; nothing is loaded yet.</summary>
    /// <param name="variant">The variant to which it belongs.</param>
    /// <param name="source">The PTX module.</param>
    /// <param name="entry">Name of its entry.</param>
    /// <param name="blockM">Slots per block.</param>
    /// <param name="groupM">Number of slot blocks that are processed in turn for the same columns.</param>
    /// <param name="columnBlocks">Number of column blocks.</param>
    /// <param name="slices">Number of Split-K slices.</param>
    /// <param name="threads">Threads per thread block.</param>
    /// <param name="sharedBytes">Shared memory per thread block in bytes.</param>
    public ExpertGemm(KernelVariant variant, PtxSource source, string entry, int blockM, int groupM, int columnBlocks, int slices, int threads, int sharedBytes)
    {
        _kernel = new PtxKernel($"{variant.Name} ({entry})", source, entry, sharedBytes);
        (BlockM, _groupM, _columnBlocks, Slices, _threads) = (blockM, groupM, columnBlocks, slices, threads);
    }

    /// <summary>Whether the kernel uses programmatic dependent launch.</summary>
    public bool Chained { get; init; }

    /// <summary>Thread blocks per SM of a persistent kernel, whose thread blocks share all tiles; 0 for one tile per thread block.</summary>
    public int Resident { get; init; }

    /// <summary>Whether the kernel quantises the intermediate states, with one scale for every 128 elements of a row, and stores both.</summary>
    public bool RoundsOutput { get; init; }

    /// <summary>The weights that TMA loads; null for kernels that load them themselves.</summary>
    public TmaWeights? Fetched { get; init; }

    /// <summary>Slots per block.</summary>
    public int BlockM { get; }

    /// <summary>Number of Split-K slices. One slice yields bf16; several yield fp32 sums.</summary>
    public int Slices { get; }

    /// <summary>The kernel, for tools that inspect it.</summary>
    public PtxKernel Kernel => _kernel;

    /// <summary>Launches the GEMM for at most <paramref name="blocks"/> blocks of slots.</summary>
    /// <param name="inputScales">Scales of 8-bit activations, otherwise 0.</param>
    /// <param name="outputScales">Receives scales if the kernel quantises its output, otherwise 0.</param>
    internal void Launch(CudaStream stream, nint activations, in ExpertMatrices matrices, nint output, in AlignedSlots slots, int blocks, nint inputScales = 0, nint outputScales = 0)
    {
        var arguments = default(CudaArguments);
        for (var parameter = ExpertGemmParameter.Activations; parameter <= ExpertGemmParameter.OutputScales; parameter++)
        {
            switch (parameter)
            {
                case ExpertGemmParameter.Activations: arguments.Add(activations); break;
                case ExpertGemmParameter.Weights when Fetched is null: arguments.Add(matrices.Weights); break;
                case ExpertGemmParameter.Weights: arguments.Add(Fetched.MapOf(matrices.Weights), TensorMap.Alignment); break;
                case ExpertGemmParameter.Output: arguments.Add(output); break;
                case ExpertGemmParameter.SortedSlots: arguments.Add(CudaArguments.Address(slots.Sorted)); break;
                case ExpertGemmParameter.BlockExperts: arguments.Add(CudaArguments.Address(slots.BlockExperts)); break;
                case ExpertGemmParameter.PaddedSlots: arguments.Add(CudaArguments.Address(slots.Padded)); break;
                case ExpertGemmParameter.RouterWeights: arguments.Add(CudaArguments.Address(slots.Weights)); break;
                case ExpertGemmParameter.Slots: arguments.Add((int)slots.Weights.Length); break;
                case ExpertGemmParameter.Biases: arguments.Add(matrices.Biases); break;
                case ExpertGemmParameter.Scales: arguments.Add(matrices.Scales); break;
                case ExpertGemmParameter.ZeroPoints: arguments.Add(matrices.ZeroPoints); break;
                case ExpertGemmParameter.InputScales when inputScales != 0: arguments.Add(inputScales); break;
                case ExpertGemmParameter.OutputScales when RoundsOutput: arguments.Add(outputScales); break;
            }
        }

        _kernel.Launch(stream, Grid(stream.Accelerator, blocks), new Index3D(_threads, 1, 1), arguments, Chained);
    }

    private Index3D Grid(Accelerator accelerator, int blocks)
    {
        if (Resident == 0) return new(checked((blocks + _groupM - 1) / _groupM * _groupM * _columnBlocks), Slices, 1);

        // As many thread blocks, or clusters of them, as run at once; each processes one tile after another.
        var tiles = (long)blocks * _columnBlocks * Slices;
        var cluster = Fetched?.Cluster ?? 1;
        return new((int)Math.Min(tiles, (long)Resident * accelerator.NumMultiprocessors / cluster) * cluster, 1, 1);
    }
}

/// <summary>The two GEMMs for a range of row counts per expert.</summary>
/// <param name="NeedsWgmma">Whether they need <c>wgmma</c>, which only compute capability 9.0 has.</param>
/// <param name="MaxRows">Maximum average number of rows per expert for which they are the fastest.</param>
/// <param name="GateUp">The first GEMM.</param>
/// <param name="Down">The second GEMM, with the same block size.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record ExpertGemmPair(bool NeedsWgmma, int MaxRows, ExpertGemm GateUp, ExpertGemm Down)
{
    /// <summary>Maximum number of slots for which they are the fastest, however few rows an expert has.</summary>
    public int MaxSlots { get; init; } = int.MaxValue;

    /// <summary>Whether they multiply 8-bit floats, which needs compute capability 8.9 and CUDA 12.4.</summary>
    public bool NeedsFloat8 { get; init; }

    /// <summary>Whether a device supports their instructions.</summary>
    internal bool RunsOn(CudaAccelerator cuda) =>
        cuda.Architecture >= CudaArchitecture.SM_80 && (!NeedsWgmma || cuda.Architecture == CudaArchitecture.SM_90)
        && (!NeedsFloat8 || (cuda.Architecture >= CudaArchitecture.SM_89 && cuda.DriverVersion >= CudaDriverVersion.FromMajorMinor(12, 4)));
}

/// <summary>Addresses of one projection of all experts; 0 if absent.</summary>
internal readonly record struct ExpertMatrices(nint Weights, nint Biases, nint Scales, nint ZeroPoints)
{
    /// <summary>Whether all of them are aligned for 16-byte reads.</summary>
    public bool IsAligned => (Weights | Biases | Scales | ZeroPoints) % 16 == 0;
}

/// <summary>Slots sorted by expert, with each expert's padded to whole blocks.</summary>
/// <param name="Sorted">The slots; padding is marked by the number of slots.</param>
/// <param name="BlockExperts">The expert of each block.</param>
/// <param name="Padded">The number of sorted and padded slots.</param>
/// <param name="Weights">The router weight of each slot.</param>
internal readonly record struct AlignedSlots(ArrayView<int> Sorted, ArrayView<int> BlockExperts, ArrayView<int> Padded, ArrayView<float> Weights);
