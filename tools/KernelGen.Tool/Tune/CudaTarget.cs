using System.Text;
using ILGPU.Runtime;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Tuning;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>
/// bf16 experts on tensor cores. Candidates differ only in the grouped GEMMs: their PTX goes to the driver, and the
/// rest of a variant is compiled once per slice count.
/// </summary>
internal sealed class CudaTarget : ITuningTarget
{
    private readonly FusedMoeSpec _spec;
    private readonly AcceleratorStream _stream;
    private readonly CudaChoices _choices;
    private readonly ExpertsWorkload<BFloat16> _workload;
    private readonly DeviceExpertWeights<BFloat16> _weights;
    private readonly Dictionary<int, ExpertsKernels<ushort>> _variants = [];
    private CudaTrials? _trials;

    public CudaTarget(TunedModel model, ExpertRouting routing, int maxTokens, AcceleratorStream stream)
    {
        (_spec, _stream) = (model.Spec, stream);
        DeviceName = TuningFileName.DeviceNameOf(stream.Accelerator.Name);
        _choices = new CudaChoices(_spec, DeviceName, stream.Accelerator.NumMultiprocessors, routing);
        _workload = new ExpertsWorkload<BFloat16>(
            _spec.Experts, _spec.TopK, _spec.HiddenSize, _spec.IntermediateSize, maxTokens, _spec.Activation, _spec.ActivationLimit, routing: routing);
        _weights = DeviceExpertWeights<BFloat16>.Upload(stream, _workload.Weights);
    }

    public string DeviceName { get; }

    public IReadOnlyList<string> Keys => CudaChoices.Keys;

    public IReadOnlyList<string> DownKeys => CudaChoices.DownKeys;

    public string NameOf(ExpertsCandidate candidate) => _choices.NameOf(candidate);

    public ExpertsCandidate Heuristic(int tokens) => _choices.Heuristic(tokens);

    public IEnumerable<ExpertsCandidate> Seeds(int tokens) => _choices.Seeds;

    public ExpertsCandidate? OfFile(TuningFile file, TuningFile? down, int tokens) => _choices.OfFile(file, down, tokens);

    public string? Reject(ExpertsCandidate candidate) => _choices.Reject(candidate);

    public double Estimate(ExpertsCandidate candidate, int tokens) => _choices.Estimate(candidate, tokens);

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

    private ExpertsKernels<ushort> Kernels(ExpertsCandidate candidate)
    {
        var (gateUp, down) = _choices.Tiles(candidate);
        var slices = Math.Max(gateUp.SplitK, down.SplitK);
        if (!_variants.TryGetValue(slices, out var variant))
        {
            var spec = _spec with { SplitK = slices };
            variant = (ExpertsKernels<ushort>)KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec);
            _variants.Add(slices, variant);
        }

        var needsSm90 = new DeviceChoice(int.MaxValue, gateUp, down).NeedsSm90;
        return variant.With(new ExpertGemmPair(needsSm90, int.MaxValue, Gemm(variant, ExpertProduct.GateUp, gateUp), Gemm(variant, ExpertProduct.Down, down)));
    }

    private ExpertGemm Gemm(ExpertsKernels<ushort> variant, ExpertProduct product, GroupedGemmTile tile)
    {
        var shape = FusedMoePtx.Shape(_spec, product);
        var text = Encoding.ASCII.GetBytes(GroupedGemm.Write(shape, tile));
        return new ExpertGemm(
            variant.Variant, () => text, GroupedGemm.EntryName(shape, tile), tile.BlockM, tile.GroupM, shape.Columns / tile.BlockN, tile.SplitK, tile.Threads, tile.SharedBytes)
        {
            Chained = tile.Chained,
            Resident = tile.PersistentGroups,
            Fetched = tile.IsSpecialised ? new(shape.Reduction, tile.Cluster, [.. GroupedGemm.Fetched(shape, tile, _spec.Experts).Select(rows => new TmaRows(rows.Length, rows.Stride, rows.Box))]) : null,
        };
    }
}
