namespace KernelGen.Compiler.Ptx;

/// <summary>
/// A stage of operands that become bfloat16 within registers: the activations, the weights, and the scales and zero points of its groups. Activations and weights lie in
/// units of 32 elements, all rows of a unit one after another, because a warp reads 8 rows at once. Units are padded so that the chunks of a
/// row that are copied together lie in different banks.
/// </summary>
internal sealed class UnitLayout(GroupedGemmShape shape, GroupedGemmTile tile)
{
    /// <summary>Elements of a unit.</summary>
    public const int UnitElements = 32;

    /// <summary>Bytes that all banks have.</summary>
    public const int BankBytes = 128;

    /// <summary>Bytes of a row of activations in a unit.</summary>
    public const int PitchA = UnitElements * 2;

    /// <summary>Bytes of a row of weights in a unit.</summary>
    public int PitchB => shape.WeightBytes(UnitElements);

    /// <summary>Units of a stage.</summary>
    public int Units => tile.BlockK / UnitElements;

    /// <summary>Bytes from one to the next unit of activations.</summary>
    public int BytesA => (tile.BlockM * PitchA) + (BankBytes / 2);

    /// <summary>Bytes from one to the next unit of weights.</summary>
    public int BytesB => (tile.BlockN * PitchB) + (ChunksOfRow > ChunksOfUnit ? BankBytes * ChunksOfUnit / ChunksOfRow : 0);

    /// <summary>Where the weights of a stage begin.</summary>
    public int WeightsAt => Units * BytesA;

    /// <summary>Where the scales of a stage begin.</summary>
    public int ScalesAt => WeightsAt + (Units * BytesB);

    /// <summary>Bytes of a stage.</summary>
    public int StageBytes => (ScalesAt + Groups.ScaleBytes + Groups.ZeroPointBytes + BankBytes - 1) / BankBytes * BankBytes;

    /// <summary>Chunks of a row of weights in a stage.</summary>
    public int ChunksOfStage => shape.WeightBytes(tile.BlockK) / Swizzle.ChunkBytes;

    /// <summary>Chunks of a row of weights that are copied at once.</summary>
    public int ChunksOfRow => Math.Min(ChunksOfStage, Swizzle.ChunksOfRow);

    /// <summary>Chunks of a row of weights in a unit.</summary>
    public int ChunksOfUnit => PitchB / Swizzle.ChunkBytes;

    /// <summary>Rows of weights that all threads copy at once.</summary>
    public int RowsOfPass => tile.Threads / ChunksOfRow;

    private StageGroups Groups => new(shape, tile);

    /// <summary>The problem of the tile, or null.</summary>
    public string? Problem()
    {
        if (tile.Chained) return $"kernels that convert {shape.WeightType} weights for mma cannot be chained";
        if (shape.HasGroups && (shape.GroupSize % UnitElements != 0 || (tile.BlockK % shape.GroupSize != 0 && shape.GroupSize % tile.BlockK != 0)))
            return $"groups of {shape.GroupSize} and a warp's {tile.BlockK} elements do not divide each other";
        if ((tile.Threads & (tile.Threads - 1)) != 0) return $"{tile.Threads} threads are not a power of two";
        if (ChunksOfRow < ChunksOfUnit || tile.BlockN % RowsOfPass != 0) return $"{tile.Threads} threads cannot share the copies of {tile.BlockN} rows evenly";
        return Groups.ScaleBytes / Swizzle.ChunkBytes > tile.Threads ? $"{tile.Threads} threads cannot copy {Groups.Count} groups of scales at once" : null;
    }
}
