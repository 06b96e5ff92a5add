namespace KernelGen.Compiler.Ptx;

/// <summary>A persistent kernel of specialised warp groups, for <c>wgmma</c>: the first ones copy, each of the others multiplies 64 rows.</summary>
internal abstract class SpecialisedKernel(GroupedGemmShape shape, GroupedGemmTile tile) : GemmKernel(shape, tile)
{
    /// <summary>Rows that one <c>wgmma</c> multiplies.</summary>
    public const int WarpGroupRows = 64;

    public override int SharedBytes => Tile.SharedBytes + ((StageBytes - Tile.StageBytes) * Tile.Stages);

    public override string Target => "sm_90a";

    public override string Directives =>
        (Tile.Cluster > 1 ? $".explicitcluster\n.reqnctapercluster {Tile.Cluster}, 1, 1\n" : "") + $".maxntid {Threads}, 1, 1\n.minnctapersm 1\n";

    /// <summary>Bytes of a stage.</summary>
    protected abstract int StageBytes { get; }

    /// <summary>Warps that copy.</summary>
    protected virtual int CopyWarps => GroupedGemmTile.WarpGroupThreads / 32;

    /// <summary>Threads that arrive at a full barrier.</summary>
    protected abstract int FillersOfStage { get; }

    /// <summary>Registers of a thread that copies and of one that multiplies; null if all get the maximum.</summary>
    protected abstract (int Copies, int Multiplies)? RegistersOfRoles { get; }

    /// <summary>Whether the second GEMM begins with its weights while the first one ends.</summary>
    protected virtual bool WaitsInCopies => false;

    /// <summary>
    /// Makes a register the same for all lanes, which it is, although the assembler cannot know this of values that depend on threads or memory: it then keeps stages, branches and
    /// descriptors in uniform registers. Instructions between multiplications cost power, which is the limit with many rows.
    /// </summary>
    protected string AlikeInWarp(B32 register) => Tile.Core == TensorCore.WgmmaBytes ? $"shfl.sync.idx.b32 {register}, {register}, 0, 0x1f, 0xffffffff;" : "";

    /// <summary>What both roles begin with; threads that multiply go on at <c>MULTIPLY</c>.</summary>
    protected void WriteSetup(PtxWriter writer, Scratch scratch, Warps warps, PersistentSchedule schedule, BarrierRing ring)
    {
        var multiplies = writer.Pred("multiplies");
        warps.WriteThread(writer);
        writer.Code(AlikeInWarp(warps.Warp));
        ring.WriteSetup(warps.Thread);
        ring.WriteBarriers(FillersOfStage);
        if (Tile.Chained)
        {
            if (!WaitsInCopies) writer.Comment("From here on the kernel needs the results of the one before it.");
            writer.Code($"""
                {(WaitsInCopies ? "" : "griddepcontrol.wait;")}
                griddepcontrol.launch_dependents;
                """);
        }

        schedule.WriteSlots();
        writer.Code(AlikeInWarp(schedule.Padded));
        schedule.WriteSortedSlots();
        schedule.WriteTiles();
        ring.WriteFirstStage();
        writer.Code($"setp.ge.u32 {multiplies}, {warps.Warp}, {CopyWarps};");
        schedule.WriteWholeReduction();
        schedule.WriteCluster();
        writer.Comment("The warp group that copies.");
        writer.Code($"@{multiplies} bra MULTIPLY;");
        if (RegistersOfRoles is { } registers) writer.Code($"setmaxnreg.dec.sync.aligned.u32 {registers.Copies};");
    }

    /// <summary>Begins the role of those that multiply.</summary>
    protected void WriteMultiplyRole(PtxWriter writer)
    {
        writer.Label("MULTIPLY");
        writer.Comment("The warp groups that multiply.");
        if (RegistersOfRoles is { } registers) writer.Code($"setmaxnreg.inc.sync.aligned.u32 {registers.Multiplies};");
    }
}
