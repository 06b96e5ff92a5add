namespace KernelGen.Compiler.Ptx;

/// <summary>
/// A persistent kernel for few rows, where a weight is read once and by one warp: it goes from memory straight into registers. A turn is what a warp has of a block of
/// the reduction; while it multiplies one, each register is loaded with the next turn's as soon as it is read, behind a tile's last turn with the next tile's first.
/// </summary>
internal sealed class StreamedKernel(GroupedGemmShape shape, GroupedGemmTile tile) : GemmKernel(shape, tile)
{
    private readonly StreamedLayout _layout = new(shape, tile);

    public override int SharedBytes => ExchangeEpilogue.SharedBytes(Tile);

    public override string Directives => $".maxntid {Tile.Threads}, 1, 1\n.minnctapersm {Tile.Resident}";

    public override string? Problem() => _layout.Problem();

    protected override void Write(PtxWriter writer)
    {
        var scratch = new Scratch(writer);
        var schedule = new PersistentSchedule(writer, Shape, Tile, scratch);
        var conversion = new WeightConversion(writer, Shape.WeightType, Shape.ZeroPoints);
        var nan = Shape.WeightType == DType.Float8E4M3 ? new NaNWeights(writer, conversion) : null;
        var place = new StreamedPlace(writer, _layout, schedule, scratch);
        var sums = new StreamedMma(writer, _layout, scratch, conversion, nan, place.Scales, place.InputScales);
        var epilogue = new ExchangeEpilogue(writer, _layout, schedule, scratch);

        place.WriteSetup();
        conversion.WriteSetup();
        sums.WriteSetup();
        writer.Comment("The first turn.");
        schedule.WritePlace("END");
        place.WriteSources();
        place.WriteFirstLoads();
        writer.Loop("TILE", !schedule.Done, () =>
        {
            place.WriteNext();
            sums.WriteStart();
            writer.Loop("TURN", !place.Last, () => WriteTurn(place, sums, conversion, nan));
            place.WriteSwap();
            sums.WriteNaN();
            epilogue.WriteExchange(sums, place.Lane, place.Warp, place.Row);
            epilogue.WriteResults(place.Thread, place.Column, place.Expert);
            place.WriteSwap();
        });
        writer.Label("END");
    }

    /// <summary>Multiplies the turn that lies in registers, and loads the next: activations run one load ahead, weights a turn.</summary>
    private void WriteTurn(StreamedPlace place, StreamedMma sums, WeightConversion conversion, NaNWeights? nan)
    {
        place.WriteAdvance();
        for (var load = 0; load < _layout.LoadsOfTurn; load++)
        {
            var isLastLoad = load == _layout.LoadsOfTurn - 1;
            if (isLastLoad) place.Rows.WriteAdvance(place.Last);
            for (var unit = 0; unit < _layout.UnitsOfLoad; unit++)
            {
                var element = (load * _layout.LoadedElements) + (unit * StreamedLayout.UnitElements);
                var startsGroup = Shape.HasGroups && element % _layout.ScaledElements == 0;
                if (startsGroup) place.Scales!.WriteZeroPoints(element / _layout.ScaledElements, conversion, place.Idle);
                var right = place.Rows.WriteOperands(unit, conversion, nan);
                var firstWord = (load * _layout.LoadedWords) + (unit * _layout.WordsOfEight);
                for (var columns = 0; columns < _layout.Eights / 2; columns++)
                {
                    sums.WriteFragment(eight => place.Weights.Words(eight, firstWord, _layout.WordsOfEight), columns, right, startsGroup);
                    if (unit == _layout.UnitsOfLoad - 1) place.Weights.WriteLoads(columns, load, place.Idle);
                }

                place.Rows.WriteLoads(unit, isLastLoad ? 0 : load + 1);
                if (!Shape.HasGroups || (element + StreamedLayout.UnitElements) % _layout.ScaledElements != 0) continue;
                sums.WriteGroupEnd(element / _layout.ScaledElements);
                place.WriteScaleLoads(element / _layout.ScaledElements);
            }
        }
    }
}
