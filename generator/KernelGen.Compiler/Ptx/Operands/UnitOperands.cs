namespace KernelGen.Compiler.Ptx;

/// <summary>Activations, and weights of another type that become bfloat16 within registers, in units of 32 elements (<see cref="UnitLayout"/>).</summary>
internal sealed class UnitOperands(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, BlockSchedule schedule, StageRing ring)
    : StageOperands(writer, shape, tile, scratch, schedule, ring)
{
    private readonly UnitLayout _layout = new(shape, tile);
    private readonly B32 _row = writer.B32("weightRow");
    private readonly B32 _chunk = writer.B32("weightChunk");
    private readonly B64 _offset = writer.B64("weightOffset");

    protected override int RowsOfWeightPass => _layout.RowsOfPass;

    public override void WriteCopies()
    {
        Writer.Code($"""
            add.u32 {Scratch.T0}, {ToB}, {Ring.In};
            add.u32 {Scratch.T1}, {ToA}, {Ring.In};
            """);
        for (var chunk = 0; chunk < _layout.ChunksOfStage; chunk += _layout.ChunksOfRow)
        {
            for (var pass = 0; pass < Tile.BlockN / _layout.RowsOfPass; pass++)
            {
                var target = _layout.WeightsAt + (chunk / _layout.ChunksOfUnit * _layout.BytesB) + (pass * _layout.RowsOfPass * _layout.PitchB);
                WriteWeightCopy(Scratch.T0, target, pass, chunk * Swizzle.ChunkBytes);
            }
        }

        WriteActivationCopies(Scratch.T1, (part, pass) => (part * GroupedGemmTile.RowElements / UnitLayout.UnitElements * _layout.BytesA) + (pass * RowsOfPass * UnitLayout.PitchA));
        WriteScaleCopies();
        WriteWeightAdvance(Shape.WeightBytes(Tile.BlockK));
        WriteActivationAdvance();
    }

    public override void WriteWeightCopies() => throw new NotSupportedException("converted weights are not copied ahead of a kernel's inputs");

    public override void WriteInputCopies() => throw new NotSupportedException("converted weights are not copied ahead of a kernel's inputs");

    protected override void WritePlaces()
    {
        var (t0, chunkBytes) = (Scratch.T0, Swizzle.ChunkBytes);
        Writer.Code($"""
            shr.u32 {t0}, {Chunk}, 2;
            mad.lo.u32 {ToA}, {t0}, {_layout.BytesA}, {Ring.Shared};
            and.b32 {t0}, {Chunk}, 3;
            mad.lo.u32 {ToA}, {t0}, {chunkBytes}, {ToA};
            mad.lo.u32 {ToA}, {Row}, {UnitLayout.PitchA}, {ToA};
            and.b32 {_chunk}, {Schedule.Warps.Thread}, {_layout.ChunksOfRow - 1};
            div.u32 {_row}, {Schedule.Warps.Thread}, {_layout.ChunksOfRow};
            div.u32 {t0}, {_chunk}, {_layout.ChunksOfUnit};
            mad.lo.u32 {ToB}, {t0}, {_layout.BytesB}, {Ring.Shared};
            rem.u32 {t0}, {_chunk}, {_layout.ChunksOfUnit};
            mad.lo.u32 {ToB}, {t0}, {chunkBytes}, {ToB};
            mad.lo.u32 {ToB}, {_row}, {_layout.PitchB}, {ToB};
            mul.wide.u32 {ChunkOffset}, {Chunk}, {chunkBytes};
            mul.wide.u32 {_offset}, {_chunk}, {chunkBytes};
            """);
        if (Schedule.IsSplit)
        {
            Writer.Code($"""
                mul.wide.u32 {Scratch.Wide}, {Schedule.FirstBlock}, {Tile.BlockK * 2};
                add.u64 {ChunkOffset}, {ChunkOffset}, {Scratch.Wide};
                mul.wide.u32 {Scratch.Wide}, {Schedule.FirstBlock}, {Shape.WeightBytes(Tile.BlockK)};
                add.u64 {_offset}, {_offset}, {Scratch.Wide};
                """);
        }

        WriteWeightRows(_row, _offset);
    }
}
