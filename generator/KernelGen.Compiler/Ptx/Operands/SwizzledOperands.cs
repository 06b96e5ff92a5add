namespace KernelGen.Compiler.Ptx;

/// <summary>Operands of one type, in parts of 128-byte rows under the swizzle: the rows of the activations, then those of the weights.</summary>
internal sealed class SwizzledOperands(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, BlockSchedule schedule, StageRing ring)
    : StageOperands(writer, shape, tile, scratch, schedule, ring)
{
    protected override int RowsOfWeightPass => RowsOfPass;

    private int PartBytesA => Tile.BlockM * GroupedGemmTile.RowBytes;

    private int PartBytesB => Tile.BlockN * GroupedGemmTile.RowBytes;

    public override void WriteCopies()
    {
        WriteWeightCopies();
        WriteInputCopies();
    }

    public override void WriteWeightCopies()
    {
        Writer.Code($"add.u32 {Scratch.T0}, {ToB}, {Ring.In};");
        for (var part = 0; part < Parts; part++)
        {
            for (var pass = 0; pass < Tile.BlockN / RowsOfPass; pass++)
                WriteWeightCopy(Scratch.T0, (part * PartBytesB) + (pass * RowsOfPass * GroupedGemmTile.RowBytes), pass, part * GroupedGemmTile.RowBytes);
        }

        WriteWeightAdvance(Tile.BlockBytes);
    }

    public override void WriteInputCopies()
    {
        Writer.Code($"add.u32 {Scratch.T1}, {ToA}, {Ring.In};");
        WriteActivationCopies(Scratch.T1, (part, pass) => (part * PartBytesA) + (pass * RowsOfPass * GroupedGemmTile.RowBytes));
        WriteActivationAdvance();
        WriteScaleCopies();
    }

    protected override void WritePlaces()
    {
        Swizzle.WritePlace(Writer, Scratch, Row, Chunk, Ring.Shared, ToA);
        Writer.Code($"""
            add.u32 {ToB}, {ToA}, {PartBytesA * Parts};
            mul.wide.u32 {ChunkOffset}, {Chunk}, {Swizzle.ChunkBytes};
            """);
        if (Schedule.IsSplit)
        {
            Writer.Code($"""
                mul.wide.u32 {Scratch.Wide}, {Schedule.FirstBlock}, {Tile.BlockBytes};
                add.u64 {ChunkOffset}, {ChunkOffset}, {Scratch.Wide};
                """);
        }

        WriteWeightRows(Row, ChunkOffset);
    }
}
