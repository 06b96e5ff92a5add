namespace KernelGen.Compiler.Ptx;

/// <summary>Which rows, columns and slice of the reduction a thread block's tile has.</summary>
internal abstract class TileSchedule
{
    /// <summary>Declares the registers of a tile's place.</summary>
    protected TileSchedule(PtxWriter writer, GroupedGemmTile tile)
    {
        IsSplit = tile.SplitK > 1;
        (Slots, BlockM, BlockN, Blocks, SortedSlots) = (writer.B32("slots"), writer.B32("blockM"), writer.B32("blockN"), writer.B32("blocks"), writer.B64("sortedSlots"));
        if (IsSplit) (Slice, FirstBlock) = (writer.B32("slice"), writer.B32("firstBlock"));
    }

    /// <summary>Whether tiles have slices of the reduction.</summary>
    public bool IsSplit { get; }

    /// <summary>The number of slots.</summary>
    public B32 Slots { get; }

    /// <summary>The tile's block of rows.</summary>
    public B32 BlockM { get; }

    /// <summary>The tile's block of columns.</summary>
    public B32 BlockN { get; }

    /// <summary>Blocks of the reduction in the tile's slice.</summary>
    public B32 Blocks { get; }

    /// <summary>The tile's slice, where there are several.</summary>
    public B32 Slice { get; }

    /// <summary>The slice's first block of the reduction, where there are several slices.</summary>
    public B32 FirstBlock { get; }

    /// <summary>The slots of the tile's rows.</summary>
    public B64 SortedSlots { get; }
}
