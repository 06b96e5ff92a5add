using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Tuning;

/// <summary>The tensor-core tiles that a tuning file can name, and the one nearest to the tile in a file.</summary>
public static class GpuTiles
{
    private const int MaxMmaRows = 128;
    private const int MaxMmaStages = 8;

    private static readonly int[] Rows = [16, 32, 48, 64, 128, 144, 176, 256];
    private static readonly int[] Columns = [32, 64, 128, 256];
    private static readonly int[] Depths = [64, 128, 256];
    private static readonly int[] Warps = [2, 4, 8];
    private static readonly int[] Stages = [2, 3, 4, 5, 6, 7, MaxMmaStages, 9, 10, 11, 12];

    /// <summary>Every tile of a GEMM that a device can run, with one slice and without <see cref="GroupedGemmTile.GroupM"/>.</summary>
    public static IEnumerable<GroupedGemmTile> All(GpuArchitecture architecture, int columns, int reduction) =>
        from m in Rows
        from n in Columns
        from k in Depths
        from warps in Warps
        from stages in Stages
        let tile = Tile(architecture, m, n, k, warps, stages, columns, reduction)
        where tile is not null
        select tile;

    /// <summary>
    /// Returns the tile nearest to <paramref name="wanted"/>, or the first of equally near ones: rows count most, then columns, K-depth
    /// and warps, stages least. Null if there is none.
    /// </summary>
    /// <param name="wanted">The tile in a file. Its slices and GroupM become the tile's; a reduction that is too short for the slices is not split.</param>
    /// <param name="tiles">Tiles of a GEMM that its device can run.</param>
    /// <param name="columns">Number of columns of the GEMM.</param>
    /// <param name="reduction">Length of its reduction.</param>
    public static GroupedGemmTile? Nearest(TritonTile wanted, IEnumerable<GroupedGemmTile> tiles, int columns, int reduction)
    {
        if (tiles.OrderBy(tile => Distance(TritonTile.Of(tile), wanted)).FirstOrDefault() is not { } tile) return null;
        var sliced = tile with { GroupM = wanted.GroupM, SplitK = wanted.SplitK };
        return sliced.Problem(columns, reduction) is null ? sliced : sliced with { SplitK = 1 };
    }

    /// <summary>The difference between a file's tile and the nearest tile, or null.</summary>
    public static string? Difference(TritonTile wanted, GroupedGemmTile tile)
    {
        var ours = TritonTile.Of(tile);
        var differences = new[]
        {
            (TuningKeys.BlockM, wanted.BlockM, ours.BlockM), (TuningKeys.BlockN, wanted.BlockN, ours.BlockN), (TuningKeys.BlockK, wanted.BlockK, ours.BlockK),
            (TuningKeys.Warps, wanted.Warps, ours.Warps), (TuningKeys.Stages, wanted.Stages, ours.Stages), (TuningKeys.SplitK, wanted.SplitK, ours.SplitK),
        }.Where(pair => pair.Item2 != pair.Item3).Select(pair => $"{pair.Item1} {pair.Item3} for {pair.Item2}").ToArray();
        return differences.Length == 0 ? null : string.Join(", ", differences);
    }

    // wgmma if the device has it and its warp groups of 64 rows fit, in a cluster of two if there are half as many; otherwise the
    // squarest tiles of warps, rather tall than wide. Weights are on the left if the number of rows is not a power of two or there are too many stages for the others.
    private static GroupedGemmTile? Tile(GpuArchitecture architecture, int m, int n, int k, int warps, int stages, int columns, int reduction)
    {
        if (stages > MaxMmaStages || (m & (m - 1)) != 0)
        {
            var left = new GroupedGemmTile(TensorCore.Wgmma, m, n, k, stages, 1, warps, Chained: true);
            return architecture.Problem(left, columns, reduction) is null ? left : null;
        }

        var wgmma = new GroupedGemmTile(TensorCore.Wgmma, m, n, k, stages, warps, 1, Cluster: Math.Max(m / (16 * warps), 1), Chained: true);
        if (architecture.Problem(wgmma, columns, reduction) is null) return wgmma;
        return m > MaxMmaRows
            ? null
            : Enumerable.Range(1, warps).Where(warpsM => warps % warpsM == 0 && m % warpsM == 0 && n % (warps / warpsM) == 0)
                .Select(warpsM => new GroupedGemmTile(TensorCore.Mma, m, n, k, stages, warpsM, warps / warpsM, Chained: architecture.HasWgmma))
                .Where(tile => architecture.Problem(tile, columns, reduction) is null)
                .OrderBy(tile => Math.Abs(Math.Log((double)tile.WarpM / tile.WarpN))).ThenByDescending(tile => tile.WarpM).FirstOrDefault();
    }

    private static double Distance(TritonTile a, TritonTile b) =>
        (16 * Octaves(a.BlockM, b.BlockM)) + (4 * Octaves(a.BlockN, b.BlockN)) + (2 * Octaves(a.BlockK, b.BlockK)) + (2 * Octaves(a.Warps, b.Warps))
        + (0.5 * Math.Abs(a.Stages - b.Stages));

    private static double Octaves(int a, int b) => Math.Abs(Math.Log((double)a / b, 2));
}
