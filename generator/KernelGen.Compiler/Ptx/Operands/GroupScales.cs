namespace KernelGen.Compiler.Ptx;

/// <summary>Scales of a group's columns, loaded from a stage at the group's end, when its sums are multiplied by them once.</summary>
internal sealed class GroupScales(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, FragmentLayout layout, int at)
{
    private readonly F32[] _scales = [.. writer.F32s("scale", 8).Take(2 * layout.StoredTiles)];
    private readonly B32 _lane = writer.B32("laneScale");
    private readonly B32 _at = writer.B32("atScale");

    /// <summary>Where the lane's columns have their scales.</summary>
    public void WriteSetup(Warps warps, B32 shared) => writer.Code($"""
        and.b32 {scratch.T0}, {warps.Lane}, 3;
        mul.lo.u32 {scratch.T0}, {scratch.T0}, {2 * layout.StoredTiles};
        mad.lo.u32 {scratch.T0}, {warps.N}, {shape.OutputColumns(tile.WarpN)}, {scratch.T0};
        mad.lo.u32 {_lane}, {scratch.T0}, 4, {shared};
        """);

    /// <summary>Moves to a stage.</summary>
    public void WriteStage(B32 stage) => writer.Code($"add.u32 {_at}, {_lane}, {stage};");

    /// <summary>Applies the scales of a group's columns: to a fragment, one of its sums' elements and its row of fragments.</summary>
    public void WriteGroup(int group, Action<int, int, int, F32> apply)
    {
        foreach (var (fragments, column, isUp) in layout.StoredFragments())
        {
            ColumnNumbers.WriteLoads(writer, "shared", _scales, _at.ToString(), at + (((group * tile.BlockN) + column + (isUp ? tile.BlockN / 2 : 0)) * 4L));
            for (var i = 0; i < fragments.Length; i++)
            {
                for (var m = 0; m < layout.M; m++)
                {
                    for (var x = 0; x < 4; x++) apply(m, fragments[i], x, _scales[(2 * i) + (x % 2)]);
                }
            }
        }
    }
}
