namespace KernelGen.Compiler.Ptx;

/// <summary>Zero points of a group's rows of weights, loaded from a stage at the group's start: a lane's weights are of row lane ÷ 4 of each fragment.</summary>
internal sealed class GroupZeroPoints(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, FragmentLayout layout, int at)
{
    private readonly B32[] _zeros = writer.B32s("zero", layout.N);
    private readonly B32 _lane = writer.B32("laneZero");
    private readonly B32 _at = writer.B32("atZero");

    /// <summary>A fragment's zero point, as conversions want it.</summary>
    public B32 this[int fragment] => _zeros[fragment];

    /// <summary>Where the lane's rows have their zero points.</summary>
    public void WriteSetup(Warps warps, B32 shared) => writer.Code($"""
        shr.u32 {scratch.T0}, {warps.Lane}, 3;
        mul.lo.u32 {scratch.T0}, {scratch.T0}, {2 * layout.StoredTiles};
        shr.u32 {scratch.T1}, {warps.Lane}, 2;
        and.b32 {scratch.T1}, {scratch.T1}, 1;
        add.u32 {scratch.T0}, {scratch.T0}, {scratch.T1};
        mad.lo.u32 {scratch.T0}, {warps.N}, {shape.OutputColumns(tile.WarpN)}, {scratch.T0};
        add.u32 {_lane}, {scratch.T0}, {shared};
        """);

    /// <summary>Loads a group's zero points.</summary>
    public void WriteGroup(int group, B32 stage, WeightConversion conversion)
    {
        if (group == 0) writer.Code($"add.u32 {_at}, {_lane}, {stage};");
        for (var n = 0; n < layout.N; n++)
        {
            var up = layout.IsUp(n * 8) ? tile.BlockN / 2 : 0;
            writer.Code($"ld.shared.s8 {_zeros[n]}, [{_at}+{at + (group * tile.BlockN) + layout.ColumnOf(n * 8) + up}];");
            conversion.WriteMinusZero(_zeros[n], _zeros[n]);
        }
    }
}
