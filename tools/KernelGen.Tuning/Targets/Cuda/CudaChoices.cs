using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Tuning;

/// <summary>The tunable choices for experts on tensor cores: the tiles of their two GEMMs. Does not access the device.</summary>
public sealed class CudaChoices
{
    private readonly FusedMoeSpec _spec;
    private readonly GpuArchitecture _architecture;
    private readonly CudaRoofline _roofline;
    private readonly IReadOnlyList<FusedMoePtx.Pair> _pairs;
    private readonly Dictionary<(ExpertProduct, TritonTile), GroupedGemmTile> _tiles = [];

    /// <summary>Finds the tiles that divide the sizes and fit the device.</summary>
    /// <param name="spec">The experts.</param>
    /// <param name="deviceName">The device name as in file names.</param>
    /// <param name="multiprocessors">Number of SMs.</param>
    /// <param name="routing">The experts of the tokens.</param>
    /// <exception cref="TuningException">The device or the experts have no tensor-core kernels.</exception>
    public CudaChoices(FusedMoeSpec spec, string deviceName, int multiprocessors, ExpertRouting routing)
    {
        _spec = spec;
        _architecture = GpuArchitecture.Of(deviceName) ?? throw new TuningException($"{deviceName} is not an NVIDIA device");
        _pairs = [.. FusedMoePtx.Pairs(spec).Where(pair => _architecture.HasWgmma == pair.NeedsWgmma)];
        if (_pairs.Count == 0 || spec.WeightType != DType.BFloat16) throw new TuningException($"{spec.ConfigurationName} has no tunable tensor-core kernels; only bfloat16 experts whose sizes are multiples of 64 have");
        _roofline = new CudaRoofline(spec, _architecture, multiprocessors, routing);
        foreach (var product in new[] { ExpertProduct.GateUp, ExpertProduct.Down })
        {
            var shape = FusedMoePtx.Shape(spec, product);
            // Tiles that were measured to be fast precede others of the same sizes.
            var usual = _pairs.Select(pair => product == ExpertProduct.GateUp ? pair.GateUp : pair.Down);
            foreach (var tile in usual.Concat(GpuTiles.All(_architecture, shape.Columns, shape.Reduction))) _tiles.TryAdd((product, Size(TritonTile.Of(tile))), tile);
        }
    }

    /// <summary>The keys of candidates.</summary>
    public static IReadOnlyList<string> Keys { get; } =
        [TuningKeys.BlockM, TuningKeys.BlockN, TuningKeys.BlockK, TuningKeys.GroupM, TuningKeys.SplitK, TuningKeys.Warps, TuningKeys.Stages];

    /// <summary>The keys that the second GEMM may set separately: all but the alignment that both share.</summary>
    public static IReadOnlyList<string> DownKeys { get; } = [.. Keys.Where(key => key != TuningKeys.BlockM)];

    /// <summary>The choice of the kernels' launcher without a file.</summary>
    public ExpertsCandidate Heuristic(int tokens)
    {
        var slots = (long)tokens * _spec.TopK;
        return Candidate(_pairs.FirstOrDefault(pair => pair.Serves(slots, _spec.Experts)) ?? _pairs[^1]);
    }

    /// <summary>The choices for any token count, with and without <c>wgmma</c>: the estimate does not model the device's power limit well.</summary>
    public IEnumerable<ExpertsCandidate> Seeds => _pairs.Concat(FusedMoePtx.Pairs(_spec)).Select(Candidate).Distinct();

    /// <summary>The choice of a file, as the generator would make it; null if no tile comes near.</summary>
    /// <exception cref="TuningFileException">A number in a file is invalid.</exception>
    public ExpertsCandidate? OfFile(TuningFile file, TuningFile? down, int tokens) =>
        new DeviceTuner(_spec, _architecture, []).Choose(file, down).FirstOrDefault(choice => tokens <= choice.MaxTokens) is { } choice
            ? new(Point(choice.GateUp), Point(choice.Down))
            : null;

    /// <summary>Why a candidate cannot run, or null.</summary>
    public string? Reject(ExpertsCandidate candidate)
    {
        if (candidate.GateUp.Get(TuningKeys.BlockM, 0) != candidate.Down.Get(TuningKeys.BlockM, 0)) return "both GEMMs must share one alignment";
        var (first, second) = (SplitK(candidate.GateUp), SplitK(candidate.Down));
        if (first > 1 && second > 1 && first != second) return "both GEMMs must have the same number of slices";
        if ((_spec with { SplitK = Math.Max(first, second) }).Validate() is [var problem, ..]) return problem.Message;
        return Reject(ExpertProduct.GateUp, candidate.GateUp) ?? Reject(ExpertProduct.Down, candidate.Down);
    }

    /// <summary>Estimated microseconds of a candidate that can run.</summary>
    public double Estimate(ExpertsCandidate candidate, int tokens)
    {
        var (gateUp, down) = Tiles(candidate);
        return _roofline.Microseconds(gateUp, down, tokens);
    }

    /// <summary>A short name of a candidate's tiles.</summary>
    public string NameOf(ExpertsCandidate candidate)
    {
        var (gateUp, down) = Tiles(candidate);
        return gateUp == down ? gateUp.Name : $"{gateUp.Name} {down.Name}";
    }

    /// <summary>The tiles of a candidate that can run.</summary>
    public (GroupedGemmTile GateUp, GroupedGemmTile Down) Tiles(ExpertsCandidate candidate) =>
        (Tile(ExpertProduct.GateUp, candidate.GateUp)!, Tile(ExpertProduct.Down, candidate.Down)!);

    private static int SplitK(TuningPoint point) => point.Get(TuningKeys.SplitK, absent: 1);

    // Lookup key in a table of tiles, without the keys that every tile supports.
    private static TritonTile Size(TritonTile tile) => tile with { GroupM = 1, SplitK = 1 };

    private static ExpertsCandidate Candidate(FusedMoePtx.Pair pair) => new(Point(pair.GateUp), Point(pair.Down));

    private static TuningPoint Point(GroupedGemmTile tile)
    {
        var sizes = TritonTile.Of(tile);
        int[] values = [sizes.BlockM, sizes.BlockN, sizes.BlockK, sizes.GroupM, sizes.SplitK, sizes.Warps, sizes.Stages];
        return new TuningPoint(Keys.Zip(values, KeyValuePair.Create));
    }

    private string? Reject(ExpertProduct product, TuningPoint point)
    {
        var shape = FusedMoePtx.Shape(_spec, product);
        return Tile(product, point) is { } tile
            ? _architecture.Problem(tile, shape.Columns, shape.Reduction)
            : $"no tile of {point} fits {_architecture.Name} and {shape.Columns} columns of {shape.Reduction}";
    }

    private GroupedGemmTile? Tile(ExpertProduct product, TuningPoint point)
    {
        var wanted = TritonTile.Of(TunedFiles.Entry(1, point));
        return _tiles.TryGetValue((product, Size(wanted)), out var tile) ? tile with { GroupM = wanted.GroupM, SplitK = wanted.SplitK } : null;
    }
}
