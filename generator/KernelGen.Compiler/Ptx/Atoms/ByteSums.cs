namespace KernelGen.Compiler.Ptx;

/// <summary>
/// Sums of bytes with <c>mma</c>: tensor cores accumulate integers exactly, but keep only 14 bits of sums of 8-bit floats, so the sum of every
/// 128 elements, a row of shared memory, is added in fp32, times the scales of its group if there are groups.
/// </summary>
internal sealed class ByteSums
{
    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly FragmentLayout _layout;
    private readonly FragmentSums _sums;
    private readonly GroupScales? _scales;
    private readonly int _inputScalesAt;
    private readonly F32 _nothing;
    private readonly F32 _bothScales;
    private readonly Dictionary<(int M, int Half), F32> _rowScales = [];
    private readonly B32 _lane;
    private readonly B32 _at;

    /// <summary>Declares the sums of a part.</summary>
    /// <param name="scalesAt">Offset of a stage's weight scales.</param>
    /// <param name="inputScalesAt">Offset of its activation scales.</param>
    public ByteSums(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, FragmentLayout layout, FragmentSums sums, int scalesAt, int inputScalesAt)
    {
        (_writer, _shape, _tile, _scratch, _layout, _sums, _inputScalesAt) = (writer, shape, tile, scratch, layout, sums, inputScalesAt);
        Parts = new(writer, layout, "group_", shape.HasIntegerSums ? "b32" : "f32");
        if (StartsParts) _nothing = writer.F32("nothing");
        if (!shape.HasGroups) return;
        _scales = new(writer, shape, tile, scratch, layout, scalesAt);
        _bothScales = writer.F32("bothScales");
        _rowScales = layout.Rows().ToDictionary(row => row, row => writer.F32($"rowScale{row.M}_{row.Half}"));
        (_lane, _at) = (writer.B32("laneRowScale"), writer.B32("atRowScale"));
    }

    /// <summary>Sums of a part, or of integers all of them.</summary>
    public FragmentSums Parts { get; }

    /// <summary>Whether each part begins with sums of zero.</summary>
    public bool StartsParts => !_shape.HasIntegerSums;

    /// <summary>Four zeros.</summary>
    public IEnumerable<F32> Nothing => Enumerable.Repeat(_nothing, 4);

    /// <summary>Clears the accumulators, and locates the lane's scales.</summary>
    public void WriteSetup(Warps warps, B32 shared)
    {
        if (!StartsParts)
        {
            foreach (var sum in Parts.All) _writer.Code($"mov.b32 {sum}, 0;");
            return;
        }

        _writer.Code($"mov.f32 {_nothing}, 0f00000000;");
        if (_scales is null) return;
        _scales.WriteSetup(warps, shared);
        _writer.Code($"""
            shr.u32 {_scratch.T0}, {warps.Lane}, 2;
            mad.lo.u32 {_scratch.T0}, {warps.M}, {_tile.WarpM}, {_scratch.T0};
            mad.lo.u32 {_lane}, {_scratch.T0}, 4, {shared};
            """);
    }

    /// <summary>Adds the sums of a part's 128 elements, times the scales of their row and of their column.</summary>
    public void WritePartEnd(int part, B32 stage)
    {
        if (!StartsParts) return;
        if (_scales is null)
        {
            foreach (var (sum, own) in _sums.All.Zip(Parts.All, (sum, own) => (sum, own))) _writer.Code($"add.rn.f32 {sum}, {sum}, {own};");
            return;
        }

        if (part == 0)
        {
            _scales.WriteStage(stage);
            _writer.Code($"add.u32 {_at}, {_lane}, {stage};");
        }

        foreach (var (m, half) in _layout.Rows())
            _writer.Code($"ld.shared.f32 {_rowScales[(m, half)]}, [{_at}+{_inputScalesAt + (((part * _tile.BlockM) + (m * 16) + (half * 8)) * 4)}];");
        _scales.WriteGroup(part, (m, n, x, scale) => _writer.Code($"""
            mul.rn.f32 {_bothScales}, {_rowScales[(m, x / 2)]}, {scale};
            fma.rn.f32 {_sums[m, n, x]}, {Parts[m, n, x]}, {_bothScales}, {_sums[m, n, x]};
            """));
    }

    /// <summary>Converts integers to fp32 once; slices of the first GEMM stay integers, exact until they are added up.</summary>
    public void WriteEnd(bool staysBare)
    {
        if (StartsParts) return;
        foreach (var (sum, own) in _sums.All.Zip(Parts.All, (sum, own) => (sum, own))) _writer.Code($"{(staysBare ? "mov.b32" : "cvt.rn.f32.s32")} {sum}, {own};");
    }
}
