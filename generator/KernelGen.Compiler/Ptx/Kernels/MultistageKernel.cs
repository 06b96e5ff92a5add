namespace KernelGen.Compiler.Ptx;

/// <summary>A kernel whose threads all copy and multiply with <c>mma.sync</c>, one tile a thread block: bfloat16, bytes with bytes, or weights that become bfloat16 within registers.</summary>
internal sealed class MultistageKernel(GroupedGemmShape shape, GroupedGemmTile tile) : GemmKernel(shape, tile)
{
    public override int SharedBytes => Tile.SharedBytes + ((StageBytes - Tile.StageBytes) * Tile.Stages);

    public override string Directives => $".maxntid {Tile.Threads}, 1, 1";

    public override string Version => MultipliesFloat8 ? "8.4" : base.Version;

    public override string Target => MultipliesFloat8 && !Tile.Chained ? "sm_89" : base.Target;

    private bool MultipliesFloat8 => Shape.QuantizedInputs && Shape.WeightType == DType.Float8E4M3;

    // Scales of groups lie behind the operands, those of the activations behind the weights'.
    private int ScalesAt => Shape.IsConverted ? new UnitLayout(Shape, Tile).ScalesAt : Tile.StageBytes;

    private int InputScalesAt => ScalesAt + new StageGroups(Shape, Tile).ScaleBytes;

    private int StageBytes => Shape.IsConverted ? new UnitLayout(Shape, Tile).StageBytes
        : Shape.QuantizedInputs ? (InputScalesAt + InputScaleCopies.Bytes(Shape, Tile) + UnitLayout.BankBytes - 1) / UnitLayout.BankBytes * UnitLayout.BankBytes
        : Tile.StageBytes;

    public override string? Problem()
    {
        if (Shape.WeightType == DType.Float32 && Shape.IsConverted) return GroupedGemmShape.ProblemOfFloat32;
        if (Shape.IsConverted) return new UnitLayout(Shape, Tile).Problem();
        if (Shape.QuantizedInputs || Tile.ElementBytes == 1) return ByteProblem.Of(Shape, Tile) ?? ProblemOfScales();
        return null;
    }

    protected override void Write(PtxWriter writer)
    {
        var scratch = new Scratch(writer);
        var schedule = new BlockSchedule(writer, Shape, Tile, scratch);
        var (warps, layout) = (schedule.Warps, new FragmentLayout(Shape, Tile));
        var ring = new StageRing(writer, Shape, Tile, StageBytes);
        var operands = Operands(writer, scratch, schedule, ring);
        var sums = new FragmentSums(writer, layout);
        var epilogue = new RowEpilogue(writer, Shape, Tile, scratch, layout, schedule);

        schedule.Write();
        operands.WriteSetup();
        foreach (var sum in sums.All) writer.Code($"mov.f32 {sum}, 0f00000000;");
        if (Shape.IsConverted)
        {
            var mma = new ConvertedMma(writer, Shape, Tile, scratch, layout, sums);
            mma.WriteSetup(warps, ring.Shared);
            ring.WriteFirstStages(schedule.Blocks, operands);
            ring.WriteLoop(schedule.Blocks, operands, () => mma.WriteStage(ring.Out));
            mma.WriteEnd(warps);
        }
        else
        {
            var bytes = Shape.QuantizedInputs ? new ByteSums(writer, Shape, Tile, scratch, layout, sums, ScalesAt, InputScalesAt) : null;
            var mma = new LdmatrixMma(writer, Shape, Tile, scratch, layout, sums, bytes);
            mma.WriteSetup(warps, ring.Shared);
            bytes?.WriteSetup(warps, ring.Shared);
            ring.WriteFirstStages(schedule.Blocks, operands);
            ring.WriteLoop(schedule.Blocks, operands, () => mma.WriteStage(ring.Out));
            bytes?.WriteEnd(new GemmOutput(Shape, Tile).StoresBareSums);
        }

        epilogue.Write(sums, warps, schedule.Expert);
    }

    private StageOperands Operands(PtxWriter writer, Scratch scratch, BlockSchedule schedule, StageRing ring)
    {
        var scales = Shape.HasGroups ? new GroupScaleCopies(writer, Shape, Tile, scratch, ScalesAt, Shape.ZeroPoints) : null;
        var inputScales = Shape.HasGroups && Shape.QuantizedInputs ? new InputScaleCopies(writer, Shape, Tile, scratch, InputScalesAt) : null;
        return Shape.IsConverted
            ? new UnitOperands(writer, Shape, Tile, scratch, schedule, ring) { Scales = scales }
            : new SwizzledOperands(writer, Shape, Tile, scratch, schedule, ring) { Scales = scales, InputScales = inputScales };
    }

    private string? ProblemOfScales() =>
        Shape.HasGroups && Math.Max(new StageGroups(Shape, Tile).ScaleBytes / Swizzle.ChunkBytes, Tile.BlockM) > Tile.Threads
            ? $"{Tile.Threads} threads cannot copy the scales of {Tile.BlockM}x{Tile.BlockN} at once"
            : null;
}
