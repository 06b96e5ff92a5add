namespace KernelGen.Compiler.Ptx;

/// <summary>Scales and zero points of groups in a stage: [groups of the stage, columns of the tile], gate before up.</summary>
internal sealed class StageGroups(GroupedGemmShape shape, GroupedGemmTile tile)
{
    /// <summary>Groups of a stage; 1 too where a group has several stages.</summary>
    public int Count => Math.Max(tile.BlockK / shape.GroupSize, 1);

    /// <summary>Elements of a stage that share scales.</summary>
    public int Elements => Math.Min(shape.GroupSize, tile.BlockK);

    /// <summary>Bytes of the scales.</summary>
    public int ScaleBytes => shape.HasGroups ? Count * tile.BlockN * 4 : 0;

    /// <summary>Bytes of the zero points.</summary>
    public int ZeroPointBytes => shape.ZeroPoints ? Count * tile.BlockN : 0;
}
