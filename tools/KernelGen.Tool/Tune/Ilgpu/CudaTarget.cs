using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Tuning;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>
/// Experts in bfloat16 on tensor cores. Only the grouped GEMMs differ from candidate to candidate: their PTX goes to the driver, and the
/// rest of a variant is compiled once for each number of slices.
/// </summary>
internal sealed class CudaTarget : ITuningTarget
{
    private readonly FusedMoeSpec _spec;
    private readonly GpuArchitecture _architecture;
    private readonly CudaRoofline _roofline;
    private readonly AcceleratorStream _stream;
    private readonly ExpertsWorkload<BFloat16> _workload;
    private readonly DeviceExpertWeights<BFloat16> _weights;
    private readonly IReadOnlyList<FusedMoePtx.Pair> _pairs;
    private readonly Dictionary<(ExpertProduct, TritonTile), GroupedGemmTile> _tiles = [];
    private readonly Dictionary<int, ExpertKernels<ushort>> _variants = [];
    private CudaTrials? _trials;

    public CudaTarget(TunedModel model, ExpertRouting routing, int mostTokens, AcceleratorStream stream)
    {
        (_spec, _stream) = (model.Spec, stream);
        DeviceName = TuningFileName.DeviceNameOf(stream.Accelerator.Name);
        _architecture = GpuArchitecture.Of(DeviceName) ?? throw new TuningException($"{DeviceName} is no device of NVIDIA's");
        _pairs = [.. FusedMoePtx.Pairs(_spec).Where(pair => _architecture.HasWgmma == (pair.Core == TensorCore.Wgmma))];
        if (_pairs.Count == 0) throw new TuningException($"{_spec.ConfigurationName} has no tensor-core kernels; bfloat16 experts of even sizes have");
        _roofline = new CudaRoofline(_spec, _architecture, stream.Accelerator.NumMultiprocessors, routing);
        foreach (var product in new[] { ExpertProduct.GateUp, ExpertProduct.Down })
        {
            var shape = FusedMoePtx.Shape(_spec, product);
            // Tiles that were measured to be fast come before others of the same sizes.
            var usual = _pairs.Select(pair => product == ExpertProduct.GateUp ? pair.GateUp : pair.Down);
            foreach (var tile in usual.Concat(GpuTiles.All(_architecture, shape.Columns, shape.Reduction))) _tiles.TryAdd((product, Size(TritonTile.Of(tile))), tile);
        }

        _workload = new ExpertsWorkload<BFloat16>(
            _spec.Experts, _spec.TopK, _spec.HiddenSize, _spec.IntermediateSize, mostTokens, _spec.Activation, _spec.ActivationLimit, routing: routing);
        _weights = DeviceExpertWeights<BFloat16>.Upload(stream, _workload.Weights);
    }

    public string DeviceName { get; }

    public IReadOnlyList<string> Keys { get; } =
        [TuningKeys.BlockM, TuningKeys.BlockN, TuningKeys.BlockK, TuningKeys.GroupM, TuningKeys.SplitK, TuningKeys.Warps, TuningKeys.Stages];

    public IReadOnlyList<string> DownKeys { get; } =
        [TuningKeys.BlockN, TuningKeys.BlockK, TuningKeys.GroupM, TuningKeys.SplitK, TuningKeys.Warps, TuningKeys.Stages];

    public string NameOf(ExpertsCandidate candidate)
    {
        var (gateUp, down) = (Tile(ExpertProduct.GateUp, candidate.GateUp)!, Tile(ExpertProduct.Down, candidate.Down)!);
        return gateUp == down ? gateUp.Name : $"{gateUp.Name} {down.Name}";
    }

    public ExpertsCandidate Heuristic(int tokens)
    {
        // As ExpertKernels chooses.
        var slots = (long)tokens * _spec.TopK;
        var pair = _pairs.FirstOrDefault(pair => slots <= pair.MostRows * Math.Min(slots, _spec.Experts)) ?? _pairs[^1];
        return Candidate(pair);
    }

    public IEnumerable<ExpertsCandidate> Seeds(int tokens) => _pairs.Select(Candidate);

    public string? Reject(ExpertsCandidate candidate)
    {
        if (candidate.GateUp.Get(TuningKeys.BlockM, 0) != candidate.Down.Get(TuningKeys.BlockM, 0)) return "both products share one alignment";
        var (first, second) = (SplitK(candidate.GateUp), SplitK(candidate.Down));
        if (first > 1 && second > 1 && first != second) return "one variant has both products' slices";
        if ((_spec with { SplitK = Math.Max(first, second) }).Validate() is [var problem, ..]) return problem.Message;
        return Reject(ExpertProduct.GateUp, candidate.GateUp) ?? Reject(ExpertProduct.Down, candidate.Down);
    }

    public double Estimate(ExpertsCandidate candidate, int tokens) =>
        _roofline.Microseconds(Tile(ExpertProduct.GateUp, candidate.GateUp)!, Tile(ExpertProduct.Down, candidate.Down)!, tokens);

    public ITrials<ExpertsCandidate> Trials(int tokens)
    {
        _trials?.Dispose();
        return _trials = new CudaTrials(_workload, _weights, Kernels, _stream, tokens);
    }

    public void Dispose()
    {
        _trials?.Dispose();
        _weights.Dispose();
        _workload.Dispose();
    }

    private static int SplitK(TuningPoint point) => point.Get(TuningKeys.SplitK, absent: 1);

    // What a table of tiles is asked for: without what any tile can have.
    private static TritonTile Size(TritonTile tile) => tile with { GroupM = 1, SplitK = 1 };

    private static ExpertsCandidate Candidate(FusedMoePtx.Pair pair) => new(Point(pair.GateUp), Point(pair.Down));

    private static TuningPoint Point(GroupedGemmTile tile)
    {
        var (sizes, splitK) = (TritonTile.Of(tile), tile.SplitK);
        return new TuningPoint(
        [
            new(TuningKeys.BlockM, sizes.BlockM), new(TuningKeys.BlockN, sizes.BlockN), new(TuningKeys.BlockK, sizes.BlockK), new(TuningKeys.GroupM, sizes.GroupM),
            new(TuningKeys.SplitK, splitK), new(TuningKeys.Warps, sizes.Warps), new(TuningKeys.Stages, sizes.Stages),
        ]);
    }

    private string? Reject(ExpertProduct product, TuningPoint point)
    {
        var shape = FusedMoePtx.Shape(_spec, product);
        return Tile(product, point) is { } tile ? _architecture.Problem(tile, shape.Columns, shape.Reduction) : $"no tile of {point} fits {_architecture.Name} and {shape.Columns} columns of {shape.Reduction}";
    }

    private GroupedGemmTile? Tile(ExpertProduct product, TuningPoint point)
    {
        var wanted = TritonTile.Of(TunedFiles.Entry(1, point));
        return _tiles.TryGetValue((product, Size(wanted)), out var tile) ? tile with { GroupM = wanted.GroupM, SplitK = wanted.SplitK } : null;
    }

    private ExpertKernels<ushort> Kernels(ExpertsCandidate candidate)
    {
        var (gateUp, down) = (Tile(ExpertProduct.GateUp, candidate.GateUp)!, Tile(ExpertProduct.Down, candidate.Down)!);
        var slices = Math.Max(gateUp.SplitK, down.SplitK);
        if (!_variants.TryGetValue(slices, out var variant))
        {
            var spec = _spec with { SplitK = slices };
            variant = (ExpertKernels<ushort>)KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec);
            _variants.Add(slices, variant);
        }

        return variant.With(new ExpertGemmPair(gateUp.Core == TensorCore.Wgmma, int.MaxValue, Gemm(variant, ExpertProduct.GateUp, gateUp), Gemm(variant, ExpertProduct.Down, down)));
    }

    private ExpertGemm Gemm(ExpertKernels<ushort> variant, ExpertProduct product, GroupedGemmTile tile)
    {
        var shape = FusedMoePtx.Shape(_spec, product);
        return new ExpertGemm(
            variant.Variant, GroupedGemm.Write(shape, tile), GroupedGemm.EntryName(shape, tile), tile.BlockM, tile.GroupM, shape.Columns / tile.BlockN, tile.SplitK, tile.Threads, tile.SharedBytes);
    }
}
