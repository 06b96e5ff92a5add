namespace KernelGen.Compiler.Ptx;

/// <content>
/// A persistent kernel of specialised warp groups: the first one copies, each of the others multiplies 64 rows. They meet at two
/// mbarriers a stage: <c>full</c> when the copies have landed, <c>empty</c> when every warp that reads the stage has. Two groups of
/// a cluster have different rows of one expert; each loads half of the weights for both.
/// </content>
public sealed partial class GroupedGemm
{
    private const int WarpGroupRows = 64;
    private const int WarpsOfGroup = GroupedGemmTile.WarpGroupThreads / 32;

    private const string WaitForCluster = """
        barrier.cluster.arrive.release;
        barrier.cluster.wait.acquire;
        """;

    private int CopyWarps => ConvertsInCopies ? ConvertingGroups * WarpsOfGroup : WarpsOfGroup;

    /// <summary>Threads that arrive at a full barrier: those that copy slots, and the one that awaits the weights or all that convert them.</summary>
    private int FillersOfStage => GroupedGemmTile.WarpGroupThreads + (ConvertsInCopies ? GroupedGemmTile.WarpGroupThreads : 1);

    private int ColumnBlocks => _shape.Columns / _tile.BlockN;

    /// <summary>
    /// Which row of the cluster's tile, beside the group's own first one, a row of the group is. The groups' warp groups take turns,
    /// so that a tile that is half full is half the work for both.
    /// </summary>
    private int RowOfTile(int row) => (row / WarpGroupRows * WarpGroupRows * _tile.Cluster) + (row % WarpGroupRows);

    private int BarriersBytes => GroupedGemmTile.BarrierBytes * _tile.Stages;

    private bool IsClustered => _tile.Cluster > 1;

    /// <summary>Registers of a thread that copies and of one that multiplies; null where all get the most there are.</summary>
    private (int Copies, int Multiplies)? RegistersOfRoles =>
        _tile.WarpsM != 8 ? null : ConvertsInCopies ? (88, 168) : CopiesBlockScales ? (56, 224) : (40, 232);

    private string SpecialisedDirectives =>
        (IsClustered ? $".explicitcluster\n.reqnctapercluster {_tile.Cluster}, 1, 1\n" : "") + $".maxntid {ThreadsOfGroup}, 1, 1\n.minnctapersm 1\n";

    private void WriteSpecialised()
    {
        WriteSpecialisedSetup();
        WriteCopyRole();
        WriteMultiplyRole();
        _writer.Label("END");
        if (!IsClustered) return;
        _writer.Comment("Nobody leaves while the other group may still write into its shared memory.");
        _writer.Code(WaitForCluster);
    }

    private void WriteSpecialisedSetup()
    {
        _writer.Declare("b32", "thread", "lane", "warp", "shared", "barriers", "padded", "slots", "tile", "tileStep", "tilesOfSlice", "tiles", "blocksM");
        _writer.Declare("b32", "blockM", "blockN", "turn", "firstRow", "blocks", "stage", "barrier", "phase", "t0", "t1", "t2");
        _writer.Declare("b64", "sorted", "sortedSlots", "address", "wide");
        _writer.Declare("pred", "isFirst", "multiplies", "done", "more", "wrap", "outside");
        if (IsClustered) _writer.Declare("b32", "rank");
        if (_tile.SplitK > 1) _writer.Declare("b32", "slice", "firstBlock");
        _writer.Code($"""
            mov.u32 %thread, %tid.x;
            and.b32 %lane, %thread, 31;
            shr.u32 %warp, %thread, 5;
            {AlikeInWarp("warp")}
            setp.eq.u32 %isFirst, %thread, 0;
            mov.u32 %shared, stageMemory;
            add.u32 %shared, %shared, 1023;
            and.b32 %shared, %shared, -1024;
            add.u32 %barriers, %shared, {StageBytes * _tile.Stages};
            """);
        WriteBarriers();
        if (_tile.Chained)
        {
            _writer.Comment("From here on the kernel needs the results of the one before it.");
            _writer.Code($"""
                griddepcontrol.wait;
                griddepcontrol.launch_dependents;
                """);
        }

        _writer.Code($"""
            ld.param.u32 %slots, [slots];
            ld.param.u64 %address, [paddedSlots];
            cvta.to.global.u64 %address, %address;
            ld.global.u32 %padded, [%address];
            {AlikeInWarp("padded")}
            ld.param.u64 %sorted, [sortedSlots];
            cvta.to.global.u64 %sorted, %sorted;
            div.u32 %blocksM, %padded, {_tile.BlockM};
            mul.lo.u32 %tilesOfSlice, %blocksM, {ColumnBlocks};
            mul.lo.u32 %tiles, %tilesOfSlice, {_tile.SplitK};
            mov.u32 %tile, %ctaid.x;
            mov.u32 %tileStep, %nctaid.x;
            mov.u32 %stage, 0;
            mov.u32 %barrier, 0;
            mov.u32 %phase, 0;
            setp.ge.u32 %multiplies, %warp, {CopyWarps};
            """);
        if (_tile.SplitK == 1) _writer.Code($"mov.u32 %blocks, {ReductionBlocks};");
        if (!IsClustered) return;
        _writer.Code($"""
            mov.u32 %rank, %cluster_ctarank;
            div.u32 %tile, %tile, {_tile.Cluster};
            div.u32 %tileStep, %tileStep, {_tile.Cluster};
            """);
    }

    private void WriteBarriers()
    {
        _writer.Comment("The full barriers, then the empty ones.");
        for (var stage = 0; stage < _tile.Stages; stage++)
        {
            // Full: every thread that copies slots, and the one that awaits the weights or all that convert them. Empty: every warp that multiplies, or all of its lanes.
            _writer.Code($"""
                @%isFirst mbarrier.init.shared.b64 [%barriers+{GroupedGemmTile.BarrierBytes * stage}], {FillersOfStage};
                @%isFirst mbarrier.init.shared.b64 [%barriers+{BarriersBytes + (GroupedGemmTile.BarrierBytes * stage)}], {_tile.WarpsM * _tile.WarpsN * ReleasesOfWarp};
                """);
        }

        _writer.Code($"""
            @%isFirst fence.mbarrier_init.release.cluster;
            {(IsClustered ? WaitForCluster : "bar.sync 0;")}
            """);
    }

    /// <summary>
    /// Which rows, columns and slice the group's tile has; leaves for <paramref name="end"/> behind the last tile. Tiles are
    /// numbered so that few blocks of rows take turns with one block of columns.
    /// </summary>
    private void WriteTileIndex(string end)
    {
        _writer.Code($"""
            setp.ge.u32 %done, %tile, %tiles;
            @%done bra {end};
            mov.u32 %turn, %tile;
            """);
        if (_tile.SplitK > 1)
        {
            _writer.Code($"""
                div.u32 %slice, %tile, %tilesOfSlice;
                rem.u32 %turn, %tile, %tilesOfSlice;
                mul.lo.u32 %t0, %slice, {ReductionBlocks};
                div.u32 %firstBlock, %t0, {_tile.SplitK};
                add.u32 %t0, %t0, {ReductionBlocks};
                div.u32 %blocks, %t0, {_tile.SplitK};
                sub.u32 %blocks, %blocks, %firstBlock;
                """);
        }

        _writer.Code($"""
            div.u32 %t0, %turn, {_tile.GroupM * ColumnBlocks};
            rem.u32 %turn, %turn, {_tile.GroupM * ColumnBlocks};
            mul.lo.u32 %blockM, %t0, {_tile.GroupM};
            sub.u32 %t1, %blocksM, %blockM;
            min.u32 %t1, %t1, {_tile.GroupM};
            div.u32 %blockN, %turn, %t1;
            rem.u32 %t0, %turn, %t1;
            add.u32 %blockM, %blockM, %t0;
            mul.lo.u32 %firstRow, %blockM, {_tile.BlockM};
            {(IsClustered ? $"mad.lo.u32 %firstRow, %rank, {WarpGroupRows}, %firstRow;" : "")}
            mul.wide.u32 %wide, %firstRow, 4;
            add.u64 %sortedSlots, %sorted, %wide;
            """);
    }

    /// <summary>Waits until a barrier of the current stage has left a phase.</summary>
    private void WriteWait(string barrier, string phase, string label)
    {
        _writer.Label(label);
        _writer.Code($"""
            mbarrier.try_wait.parity.shared.b64 %more, [{barrier}], {phase};
            @!%more bra {label};
            """);
    }

    private void WriteNextBarrier() => _writer.Code($"""
        add.u32 %barrier, %barrier, {GroupedGemmTile.BarrierBytes};
        add.u32 %stage, %stage, {StageBytes};
        setp.eq.u32 %wrap, %barrier, {BarriersBytes};
        @%wrap mov.u32 %barrier, 0;
        @%wrap mov.u32 %stage, 0;
        @%wrap xor.b32 %phase, %phase, 1;
        """);

    /// <summary>On to the next stage, if there is one left.</summary>
    private void WriteEndOfStage(string left, string label)
    {
        WriteNextBarrier();
        _writer.Code($"""
            sub.u32 {left}, {left}, 1;
            setp.ne.u32 %more, {left}, 0;
            @%more bra {label};
            """);
    }

    private void WriteNextTile(string label) => _writer.Code($"""
        add.u32 %tile, %tile, %tileStep;
        bra {label};
        """);
}
