using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Tuning;

/// <summary>Maps a GPU's tuning files to tensor-core tiles.</summary>
public sealed class DeviceTuner
{
    private readonly FusedMoeSpec _spec;
    private readonly ICollection<TuningProblem> _problems;
    private readonly Candidates _gateUp;
    private readonly Candidates _down;

    /// <summary>Lists the tiles that divide the sizes and fit the device.</summary>
    /// <param name="spec">The declared experts.</param>
    /// <param name="architecture">The device's architecture.</param>
    /// <param name="problems">Receives the differences from the files.</param>
    public DeviceTuner(FusedMoeSpec spec, GpuArchitecture architecture, ICollection<TuningProblem> problems)
    {
        (_spec, _problems) = (spec, problems);
        var pairs = FusedMoePtx.Pairs(spec).Where(pair => architecture.HasWgmma == pair.NeedsWgmma).ToArray();
        _gateUp = new("first", FusedMoePtx.Shape(spec, ExpertProduct.GateUp), architecture, pairs.Select(pair => pair.GateUp));
        _down = new("second", FusedMoePtx.Shape(spec, ExpertProduct.Down), architecture, pairs.Select(pair => pair.Down));
    }

    /// <summary>The tiles for each token count; empty if no tile divides the sizes.</summary>
    /// <exception cref="TuningFileException">A number in a file is invalid.</exception>
    public EquatableArray<DeviceChoice> Choose(TuningFile file, TuningFile? down)
    {
        var choices = new List<DeviceChoice>();
        foreach (var regime in TokenRegime.Of(file, down))
        {
            CheckSlices(regime);
            var gateUp = _gateUp.Nearest(regime.GateUp, blockM: null, _problems);
            var second = gateUp is null ? null : _down.Nearest(regime.Down, gateUp.BlockM, _problems);
            if (gateUp is null || second is null)
            {
                var message = $"no tensor-core tile with that many rows fits sizes {_spec.HiddenSize} and {_spec.IntermediateSize} with weight format {WeightFormat.Name(_spec)}, for {regime.GateUp.Tokens} tokens";
                _problems.Add(new TuningProblem(TuningProblem.NoKernel, message, regime.GateUp.Place));
                return EquatableArray<DeviceChoice>.Empty;
            }

            var choice = new DeviceChoice(regime.MaxTokens, gateUp, second);
            if (choices.Count > 0 && choices[choices.Count - 1] with { MaxTokens = choice.MaxTokens } == choice) choices.RemoveAt(choices.Count - 1);
            choices.Add(choice);
        }

        return new(choices);
    }

    private void CheckSlices(TokenRegime regime)
    {
        var (first, second) = (regime.GateUp[TuningKeys.SplitK] ?? 1, regime.Down[TuningKeys.SplitK] ?? 1);
        if (first != second && first > 1 && second > 1)
        {
            throw new TuningFileException(
                $"{TuningKeys.SplitK} is {second} for the second GEMM, but {first} for the first; they must be equal", regime.Down.PlaceOf(TuningKeys.SplitK));
        }

        var problem = (_spec with { SplitK = Math.Max(first, second) }).Validate().FirstOrDefault(problem => problem.Argument == nameof(_spec.SplitK));
        if (problem is not null) throw new TuningFileException(problem.Message, (first > 1 ? regime.GateUp : regime.Down).PlaceOf(TuningKeys.SplitK));
    }

    /// <summary>The tiles of one GEMM. Those that were measured to be fast precede others of the same sizes.</summary>
    private sealed class Candidates(string product, GroupedGemmShape shape, GpuArchitecture architecture, IEnumerable<GroupedGemmTile> preferred)
    {
        private readonly GroupedGemmTile[] _tiles =
        [
            .. preferred.Where(tile => architecture.Problem(tile, shape.Columns, shape.Reduction) is null),
            .. GpuTiles.All(architecture, shape.Columns, shape.Reduction).Where(tile => CanBeWritten(shape, tile, architecture)),
        ];

        // Weights other than bf16 have limits of their own.
        private static bool CanBeWritten(GroupedGemmShape shape, GroupedGemmTile tile, GpuArchitecture architecture) =>
            GroupedGemm.Problem(shape, tile) is null && GroupedGemm.SharedBytes(shape, tile) <= architecture.SharedBytes;

        public GroupedGemmTile? Nearest(TuningEntry entry, int? blockM, ICollection<TuningProblem> problems)
        {
            var wanted = TritonTile.Of(entry);
            var tile = GpuTiles.Nearest(wanted, _tiles.Where(tile => blockM is null || tile.BlockM == blockM), shape.Columns, shape.Reduction);
            if (tile is not null && GpuTiles.Difference(wanted, tile) is { } difference)
                problems.Add(new TuningProblem(TuningProblem.Nearest, $"the nearest tile for the {product} GEMM at token count {entry.Tokens} has {difference}", entry.Place));
            return tile;
        }
    }
}
