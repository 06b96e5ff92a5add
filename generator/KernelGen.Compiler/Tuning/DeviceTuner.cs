using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Tuning;

/// <summary>From a GPU's tuning files to tiles of ours.</summary>
/// <param name="spec">The declared experts.</param>
/// <param name="architecture">The device's.</param>
/// <param name="problems">Receives what differs from the files.</param>
internal sealed class DeviceTuner(FusedMoeSpec spec, GpuArchitecture architecture, ICollection<TuningProblem> problems)
{
    // Tiles that were measured to be fast come before others of the same sizes.
    private readonly IReadOnlyList<FusedMoePtx.Pair> _pairs = FusedMoePtx.Pairs(spec);

    /// <summary>The tiles for each number of tokens; none where no tile divides the sizes.</summary>
    /// <exception cref="TuningFileException">A number of a file is not possible.</exception>
    public EquatableArray<DeviceChoice> Choose(TuningFile file, TuningFile? down)
    {
        var choices = new List<DeviceChoice>();
        foreach (var regime in TokenRegime.Of(file, down))
        {
            CheckSlices(regime);
            var gateUp = Nearest(ExpertProduct.GateUp, regime.GateUp, _pairs.Select(pair => pair.GateUp), blockM: null);
            var second = gateUp is null ? null : Nearest(ExpertProduct.Down, regime.Down, _pairs.Select(pair => pair.Down), gateUp.BlockM);
            if (gateUp is null || second is null)
            {
                problems.Add(new TuningProblem(TuningProblem.NoKernel, $"no tensor-core tile divides {spec.HiddenSize} and {spec.IntermediateSize} for {regime.GateUp.Tokens} tokens", regime.GateUp.Place));
                return EquatableArray<DeviceChoice>.Empty;
            }

            var choice = new DeviceChoice(regime.MostTokens, gateUp, second);
            if (choices.Count > 0 && choices[choices.Count - 1] with { MostTokens = choice.MostTokens } == choice) choices.RemoveAt(choices.Count - 1);
            choices.Add(choice);
        }

        return new(choices);
    }

    private GroupedGemmTile? Nearest(ExpertProduct product, TuningEntry entry, IEnumerable<GroupedGemmTile> preferred, int? blockM)
    {
        var shape = FusedMoePtx.Shape(spec, product);
        var wanted = TritonTile.Of(entry);
        var tile = GpuTiles.Nearest(wanted, architecture, shape.Columns, shape.Reduction, blockM, preferred);
        if (tile is not null && GpuTiles.Difference(wanted, tile) is { } difference)
        {
            var which = product == ExpertProduct.GateUp ? "first" : "second";
            problems.Add(new TuningProblem(TuningProblem.Nearest, $"the {which} product of {entry.Tokens} tokens gets {difference}, which is the nearest", entry.Place));
        }

        return tile;
    }

    private void CheckSlices(TokenRegime regime)
    {
        var (first, second) = (regime.GateUp[TuningKeys.SplitK] ?? 1, regime.Down[TuningKeys.SplitK] ?? 1);
        if (first != second && first > 1 && second > 1)
        {
            throw new TuningFileException(
                $"{TuningKeys.SplitK} is {second} for the second product, but {first} for the first; one variant has both", regime.Down.PlaceOf(TuningKeys.SplitK));
        }

        var problem = (spec with { SplitK = Math.Max(first, second) }).Validate().FirstOrDefault(problem => problem.Argument == nameof(spec.SplitK));
        if (problem is not null) throw new TuningFileException(problem.Message, (first > 1 ? regime.GateUp : regime.Down).PlaceOf(TuningKeys.SplitK));
    }
}
