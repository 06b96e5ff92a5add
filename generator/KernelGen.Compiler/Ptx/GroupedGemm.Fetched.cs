namespace KernelGen.Compiler.Ptx;

/// <summary>A dimension of weight rows as TMA sees them.</summary>
/// <param name="Length">How long it is.</param>
/// <param name="Stride">Rows from one place to the next.</param>
/// <param name="Box">Places of one request.</param>
public readonly record struct FetchedDimension(long Length, long Stride, int Box);

/// <content>
/// In which order weight rows lie in shared memory. A request runs through four dimensions of rows, the first one fastest, so that it can deal them out:
/// rows whose sums a thread has become neighbouring columns, or a column's gate and up projection.
/// </content>
public sealed partial class GroupedGemm
{
    /// <summary>Whether TMA fetches the weights.</summary>
    public static bool FetchesWeights(GroupedGemmShape shape, GroupedGemmTile tile) => tile.IsSpecialised && !shape.IsConverted;

    /// <summary>The rows of all experts' weights as a kernel's requests run through them, beside the 64 elements of each.</summary>
    public static IReadOnlyList<FetchedDimension> Fetched(GroupedGemmShape shape, GroupedGemmTile tile, int experts)
    {
        var (rows, intermediate) = ((long)experts * shape.Columns, shape.IntermediateSize);
        if (!tile.WeightsLeft) return [new(2, 1, 2), new(4, 8, 4), new(4, 2, 4), new(rows / GroupedGemmTile.DealtRows, GroupedGemmTile.DealtRows, tile.BlockN / 2 / GroupedGemmTile.DealtRows)];
        var warps = tile.BlockN / WarpRows;
        return new GroupedGemm(shape, tile).IsPaired
            ? [new(8, 1, 8), new(2, intermediate, 2), new(intermediate / 8, 8, warps), new(experts, 2 * intermediate, 1)]
            : [new(2, 1, 2), new(4, 4, 4), new(2, 2, 2), new(rows / WarpRows, WarpRows, warps)];
    }
}
