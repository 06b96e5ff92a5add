namespace KernelGen.Compiler.Ptx;

/// <summary>One tile a thread block, whose number says which; thread blocks after the last tile exit at once.</summary>
internal sealed class BlockSchedule : TileSchedule
{
    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly B32 _block;
    private readonly B32 _turn;
    private readonly B32 _firstRow;
    private readonly B32 _padded;

    public BlockSchedule(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch)
        : base(writer, tile)
    {
        (_writer, _shape, _tile, _scratch) = (writer, shape, tile, scratch);
        (_block, _turn, _firstRow, _padded, Expert) = (writer.B32("block"), writer.B32("turn"), writer.B32("firstRow"), writer.B32("padded"), writer.B32("expert"));
        if (!IsSplit) writer.Declare("b32", "slice", "firstBlock");
        Warps = new(writer);
    }

    /// <summary>The thread's place.</summary>
    public Warps Warps { get; }

    /// <summary>The tile's expert.</summary>
    public B32 Expert { get; }

    /// <summary>Finds the tile.</summary>
    public void Write()
    {
        var columnBlocks = _shape.Columns / _tile.BlockN;
        var (t0, t1, address, wide, outside) = (_scratch.T0, _scratch.T1, _scratch.Address, _scratch.Wide, _scratch.Outside);
        if (_tile.Chained) Chain.WriteStart(_writer, _shape);
        _writer.Comment("The group's block of rows and block of columns.");
        Warps.WriteThread(_writer);
        _writer.Code($"""
            rem.u32 {Warps.M}, {Warps.Warp}, {_tile.WarpsM};
            div.u32 {Warps.N}, {Warps.Warp}, {_tile.WarpsM};
            mov.u32 {_block}, %ctaid.x;
            div.u32 {t0}, {_block}, {_tile.GroupM * columnBlocks};
            rem.u32 {_turn}, {_block}, {_tile.GroupM * columnBlocks};
            div.u32 {BlockN}, {_turn}, {_tile.GroupM};
            rem.u32 {t1}, {_turn}, {_tile.GroupM};
            mad.lo.u32 {BlockM}, {t0}, {_tile.GroupM}, {t1};
            mul.lo.u32 {_firstRow}, {BlockM}, {_tile.BlockM};
            ld.param.u32 {Slots}, [{ExpertGemmParameter.Slots.Text()}];
            """);
        _writer.LoadAddress(address, ExpertGemmParameter.PaddedSlots);
        _writer.Code($"""
            ld.global.u32 {_padded}, [{address}];
            setp.ge.u32 {outside}, {_firstRow}, {_padded};
            @{outside} ret;
            """);
        _writer.LoadAddress(address, ExpertGemmParameter.BlockExperts);
        _writer.Code($"""
            mul.wide.u32 {wide}, {BlockM}, 4;
            add.u64 {address}, {address}, {wide};
            ld.global.u32 {Expert}, [{address}];
            """);
        _writer.LoadAddress(SortedSlots, ExpertGemmParameter.SortedSlots);
        _writer.Code($"""
            mul.wide.u32 {wide}, {_firstRow}, 4;
            add.u64 {SortedSlots}, {SortedSlots}, {wide};
            """);
        if (!IsSplit)
        {
            _writer.Code($"mov.u32 {Blocks}, {_shape.Reduction / _tile.BlockK};");
            return;
        }

        _writer.Comment("The slice's part of the reduction.");
        _writer.Code($"mov.u32 {Slice}, %ctaid.y;");
        Reduction.WriteSlice(_writer, _shape, _tile, t0, Slice, FirstBlock, Blocks);
    }
}
