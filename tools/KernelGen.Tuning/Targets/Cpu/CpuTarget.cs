using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;
using KernelGen.OnDemand;

namespace KernelGen.Tuning;

/// <summary>This machine's CPU.</summary>
public static class CpuTarget
{
    /// <summary>Creates random weights of a model's shape.</summary>
    /// <param name="model">The experts.</param>
    /// <param name="routing">The experts of the tokens.</param>
    /// <param name="maxTokens">The largest token count to measure.</param>
    /// <param name="limits">The machine's compute and memory limits.</param>
    /// <param name="cache">The cache of compiled kernels.</param>
    /// <exception cref="TuningException">There is not enough memory.</exception>
    public static ITuningTarget Create(TunedModel model, ExpertRouting routing, int maxTokens, MachineLimits limits, KernelCache cache) => model.Spec.WeightType switch
    {
        DType.Float16 => new CpuTarget<Half>(model, routing, maxTokens, limits, cache),
        DType.BFloat16 => new CpuTarget<BFloat16>(model, routing, maxTokens, limits, cache),
        DType.Float8E4M3 => new CpuTarget<Float8E4M3>(model, routing, maxTokens, limits, cache),
        DType.Int8 => new CpuTarget<sbyte>(model, routing, maxTokens, limits, cache),
        DType.Int4 => new CpuTarget<Int4Pair>(model, routing, maxTokens, limits, cache),
        _ => new CpuTarget<float>(model, routing, maxTokens, limits, cache),
    };

    /// <summary>The device name as in file names.</summary>
    public static string DeviceName => TuningFileName.DeviceNameOf(MachineInfo.Current.Cpu);
}

/// <inheritdoc cref="CpuTarget"/>
/// <typeparam name="T">Type of a weight.</typeparam>
internal sealed class CpuTarget<T> : ITuningTarget
    where T : unmanaged
{
    private readonly FusedMoeSpec _spec;
    private readonly CpuRoofline _roofline;
    private readonly CpuCaches _caches = CpuCaches.Current;
    private readonly ExpertsWorkload<T> _workload;
    private readonly KernelCache _cache;

    public CpuTarget(TunedModel model, ExpertRouting routing, int maxTokens, MachineLimits limits, KernelCache cache)
    {
        (_spec, _cache) = (model.Spec, cache);
        _roofline = new CpuRoofline(_spec, limits, _caches.VectorBits, routing);
        RequireMemory(maxTokens);
        _workload = new ExpertsWorkload<T>(
            _spec.Experts, _spec.TopK, _spec.HiddenSize, _spec.IntermediateSize, maxTokens, _spec.Activation, _spec.ActivationLimit, _spec.Quantization, _spec.GroupSize,
            _spec.ActivationQuantization, routing);
    }

    public string DeviceName => CpuTarget.DeviceName;

    public IReadOnlyList<string> Keys { get; } =
        [TuningKeys.BlockM, TuningKeys.BlockN, TuningKeys.BlockK, TuningKeys.SplitK, TuningKeys.VectorBits, TuningKeys.TileN, TuningKeys.RowM];

    public IReadOnlyList<string> DownKeys { get; } = [TuningKeys.BlockN, TuningKeys.TileN];

    public string NameOf(ExpertsCandidate candidate) => FormattableString.Invariant($"{Tile(candidate).Name}k{SplitK(candidate)}");

    public ExpertsCandidate Heuristic(int tokens) => Candidate(CpuHeuristics.Tile(_spec, _caches.VectorBits));

    public IEnumerable<ExpertsCandidate> Seeds(int tokens) =>
        new[] { 128, 256, 512 }.Where(bits => bits < _caches.VectorBits).OrderDescending().Select(bits => Candidate(CpuHeuristics.Tile(_spec, bits)));

    public ExpertsCandidate? OfFile(TuningFile file, TuningFile? down, int tokens)
    {
        var spec = ExpertTuning.ForCpu(_spec, file, down).First(choice => tokens <= choice.MaxTokens).Spec;
        return Candidate(spec.Tile!, spec.SplitK);
    }

    public string? Reject(ExpertsCandidate candidate)
    {
        CpuTile tile;
        try
        {
            tile = Tile(candidate);
        }
        catch (TuningFileException e)
        {
            return e.Message;
        }

        if (tile.VectorBits > _caches.VectorBits) return $"the CPU has no {tile.VectorBits}-bit vectors";
        if (Spec(candidate).Validate() is [var problem, ..]) return problem.Message;
        return Reject(tile, tile.GateUp) ?? Reject(tile, tile.Down) ?? (SplitK(candidate) > 1 ? RejectSliced(tile) : null);
    }

    public double Estimate(ExpertsCandidate candidate, int tokens) => _roofline.Microseconds(Tile(candidate), SplitK(candidate), tokens);

    public ITrials<ExpertsCandidate> Trials(int tokens) => new CpuTrials<T>(_workload, Spec, _cache, tokens, _caches.LastLevelBytes);

    public void Dispose() => _workload.Dispose();

    private string? Reject(CpuTile tile, CpuProductTile product)
    {
        var registers = (product.Rows * tile.PanelVectors) + tile.PanelVectors + 1;
        if (registers > _caches.Registers) return $"a register tile of {product.Rows} by {tile.PanelVectors} vectors takes {registers} registers; there are {_caches.Registers}";
        var staged = sizeof(float) * product.Rows * tile.Depth;
        if (staged > _caches.FirstLevelBytes) return $"staged weights take {staged >> 10} KiB; the L1 cache has {_caches.FirstLevelBytes >> 10}";
        var panel = sizeof(float) * tile.PanelTokens * (tile.Depth + product.Columns);
        return panel > _caches.SecondLevelBytes ? $"a panel and its sums take {panel >> 10} KiB; the L2 cache has {_caches.SecondLevelBytes >> 10}" : null;
    }

    /// <summary>Split-K kernels have no panels: tiles that differ only in those are the same kernel.</summary>
    private string? RejectSliced(CpuTile tile)
    {
        var usual = CpuHeuristics.Tile(_spec, tile.VectorBits);
        var (gateUp, down) = (usual.GateUp with { Columns = tile.GateUp.Columns }, usual.Down with { Columns = tile.Down.Columns });
        return tile == usual with { RowTokens = tile.RowTokens, GateUp = gateUp, Down = down } ? null : "equivalent to a tile with other panels, which Split-K kernels do not use";
    }

    private void RequireMemory(int maxTokens)
    {
        var most = ExpertsWorkload<T>.MaxTokens(_spec.TopK, _spec.HiddenSize);
        if (maxTokens > most) throw new TuningException($"{maxTokens} tokens are too many; with these shapes expected at most {most}");
        var bytes = ExpertsWorkload<T>.BytesFor(_spec.Experts, _spec.TopK, _spec.HiddenSize, _spec.IntermediateSize, maxTokens);
        if (MemoryLimit.Problem(bytes) is { } problem) throw new TuningException($"these experts {problem}; use more ranks");
    }

    private FusedMoeSpec Spec(ExpertsCandidate candidate)
    {
        var spec = _spec with { SplitK = SplitK(candidate), Tile = Tile(candidate) };
        return spec.Tile == CpuHeuristics.Tile(_spec, _caches.VectorBits) ? spec with { Tile = null } : spec;
    }

    private static int SplitK(ExpertsCandidate candidate) => candidate.GateUp.Get(TuningKeys.SplitK, absent: 1);

    private static CpuTile Tile(ExpertsCandidate candidate) => CpuTile.Of(TunedFiles.Entry(1, candidate.GateUp), TunedFiles.Entry(1, candidate.Down));

    private static ExpertsCandidate Candidate(CpuTile tile, int splitK = 1) => new(TunedFiles.Point(tile.ToEntry(1, splitK)), TunedFiles.Point(tile.ToDownEntry(1, splitK)));
}
