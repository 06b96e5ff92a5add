namespace KernelGen.Compiler.Ptx;

/// <summary>A thread's sums with weights on the left: fragment of 64 rows a warp group, eight slots, and of these the slots 2·(lane mod 4) and the next, first of row lane ÷ 4, then of the row eight further on.</summary>
internal sealed class LeftSums(PtxWriter writer, GroupedGemmTile tile)
{
    private readonly F32[] _sums = writer.F32s(
        from rows in Enumerable.Range(0, tile.WarpN / LeftWgmma.WarpRows)
        from eight in Enumerable.Range(0, tile.BlockM / 8)
        from element in Enumerable.Range(0, 4)
        select $"sum{rows}_{eight}_{element}");

    /// <summary>Times 64 rows of weights that a warp group has.</summary>
    public int Fragments => tile.WarpN / LeftWgmma.WarpRows;

    /// <summary>Times eight slots.</summary>
    public int Eights => tile.BlockM / 8;

    /// <summary>A sum.</summary>
    public F32 this[int rows, int eight, int element] => _sums[(((rows * Eights) + eight) * 4) + element];

    /// <summary>The sums of a fragment.</summary>
    public IEnumerable<F32> Of(int rows) => _sums.Skip(4 * Eights * rows).Take(4 * Eights);
}
