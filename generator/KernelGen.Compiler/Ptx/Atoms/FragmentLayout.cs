namespace KernelGen.Compiler.Ptx;

/// <summary>
/// The 16×8 fragments of a warp's tile, and the output columns of a thread's accumulators. Each group of <see cref="StoredTiles"/> fragments is interleaved so that the two accumulators
/// of a thread in each are neighbours, which it stores at once.
/// </summary>
internal sealed class FragmentLayout(GroupedGemmShape shape, GroupedGemmTile tile)
{
    /// <summary>Times 16 rows.</summary>
    public int M => tile.WarpM / 16;

    /// <summary>Times 8 columns.</summary>
    public int N => tile.WarpN / 8;

    /// <summary>Fragments whose accumulators a thread stores at once: as many as 16 bytes of bf16 hold, if the warp's tile has them.</summary>
    public int StoredTiles => (shape.OutputColumns(tile.WarpN) / 8) switch { var tiles when tiles % 4 == 0 => 4, var tiles when tiles % 2 == 0 => 2, _ => 1 };

    /// <summary>A thread's rows: of each fragment lane ÷ 4, and that eight further on.</summary>
    public IEnumerable<(int M, int Half)> Rows() => from m in Enumerable.Range(0, M) from half in Enumerable.Range(0, 2) select (m, half);

    /// <summary>The output column that a row of the block's shared weights yields.</summary>
    public int ColumnOf(int row)
    {
        var (fragment, place) = (row / 8, row % 8);
        if (shape.IsPaired) fragment /= 2;
        return (fragment / StoredTiles * 8 * StoredTiles) + (place / 2 * 2 * StoredTiles) + (fragment % StoredTiles * 2) + (place % 2);
    }

    /// <summary>Whether a row is an up projection's: in the first GEMM eight gate rows and the eight up rows of the same columns take turns, so that one thread gets the sums of both.</summary>
    public bool IsUp(int row) => shape.IsPaired && row / 8 % 2 == 1;

    /// <summary>Which fragment has the gate (0) or up (1) sums of eight columns: they take turns or, from TMA, are the first and the second half.</summary>
    public int FragmentOf(int eight, int up) => tile.IsSpecialised ? eight + (up * N / 2) : (2 * eight) + up;

    /// <summary>Fragments whose columns are neighbours in a thread, the first output column that they have, and whether they are up projections.</summary>
    public IEnumerable<(int[] Fragments, int Column, bool IsUp)> StoredFragments()
    {
        for (var first = 0; first < (shape.IsPaired ? N / 2 : N); first += StoredTiles)
        {
            var tiles = Enumerable.Range(first, StoredTiles);
            if (!shape.IsPaired)
            {
                yield return ([.. tiles], first * 8, false);
                continue;
            }

            yield return ([.. tiles.Select(eight => FragmentOf(eight, 0))], first * 8, false);
            yield return ([.. tiles.Select(eight => FragmentOf(eight, 1))], first * 8, true);
        }
    }
}
