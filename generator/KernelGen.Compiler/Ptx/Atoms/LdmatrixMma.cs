namespace KernelGen.Compiler.Ptx;

/// <summary>
/// <c>ldmatrix</c> and <c>mma.sync</c> of a stage under the swizzle. Byte for byte the fragments of bytes are those of bfloat16, with twice the elements; the use of
/// their sums is up to <see cref="ByteSums"/>.
/// </summary>
internal sealed class LdmatrixMma
{
    private const int StepsOfPart = GroupedGemmTile.RowElements / 16;
    private const string Load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16";

    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly FragmentLayout _layout;
    private readonly FragmentSums _sums;
    private readonly ByteSums? _bytes;
    private readonly B32[][] _a;
    private readonly B32[][] _b;
    private readonly B32[] _laneA;
    private readonly B32[] _laneB;
    private readonly B32[] _atA;
    private readonly B32[] _atB;

    public LdmatrixMma(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, FragmentLayout layout, FragmentSums sums, ByteSums? bytes)
    {
        (_writer, _shape, _tile, _scratch, _layout, _sums, _bytes) = (writer, shape, tile, scratch, layout, sums, bytes);
        _a = [.. Enumerable.Range(0, layout.M).Select(m => writer.B32s($"a{m}_", 4))];
        _b = [.. Enumerable.Range(0, layout.N).Select(n => writer.B32s($"b{n}_", 2))];
        (_laneA, _laneB) = (writer.B32s("laneA", StepsOfPart), writer.B32s("laneB", StepsOfPart));
        (_atA, _atB) = (writer.B32s("atA", StepsOfPart), writer.B32s("atB", StepsOfPart));
    }

    private int Parts => _tile.BlockBytes / GroupedGemmTile.RowBytes;

    private string Instruction => !_shape.QuantizedInputs ? "m16n8k16.row.col.f32.bf16.bf16.f32"
        : _shape.HasIntegerSums ? "m16n8k32.row.col.s32.s8.s8.s32" : "m16n8k32.row.col.f32.e4m3.e4m3.f32";

    /// <summary>
    /// Where a lane's rows of 8×8 matrices start, for each step of 16 elements. A step changes bits 5 and 6 of the address alone,
    /// under the swizzle too, so that one exclusive or leads to it.
    /// </summary>
    public void WriteSetup(Warps warps, B32 shared)
    {
        var (t0, t1, t2) = (_scratch.T0, _scratch.T1, _scratch.T2);
        _writer.Comment("Rows that the lane reads for ldmatrix.");
        _writer.Code($"""
            and.b32 {t0}, {warps.Lane}, 15;
            mad.lo.u32 {t0}, {warps.M}, {_tile.WarpM}, {t0};
            shr.u32 {t1}, {warps.Lane}, 4;
            and.b32 {t2}, {warps.Lane}, 7;
            xor.b32 {t1}, {t1}, {t2};
            shl.b32 {t1}, {t1}, 4;
            mad.lo.u32 {_atA[0]}, {t0}, {GroupedGemmTile.RowBytes}, {t1};
            shr.u32 {t0}, {warps.Lane}, 4;
            shl.b32 {t0}, {t0}, 3;
            add.u32 {t0}, {t0}, {t2};
            mad.lo.u32 {t0}, {warps.N}, {_tile.WarpN}, {t0};
            shr.u32 {t1}, {warps.Lane}, 3;
            and.b32 {t1}, {t1}, 1;
            xor.b32 {t1}, {t1}, {t2};
            shl.b32 {t1}, {t1}, 4;
            mad.lo.u32 {_atB[0]}, {t0}, {GroupedGemmTile.RowBytes}, {t1};
            """);
        for (var step = 0; step < StepsOfPart; step++)
        {
            _writer.Code($"""
                xor.b32 {_laneA[step]}, {_atA[0]}, {step * 32};
                add.u32 {_laneA[step]}, {_laneA[step]}, {shared};
                xor.b32 {_laneB[step]}, {_atB[0]}, {step * 32};
                add.u32 {_laneB[step]}, {_laneB[step]}, {shared};
                """);
        }
    }

    /// <summary>Multiplies a stage.</summary>
    public void WriteStage(B32 stage)
    {
        for (var step = 0; step < StepsOfPart; step++)
        {
            _writer.Code($"""
                add.u32 {_atA[step]}, {_laneA[step]}, {stage};
                add.u32 {_atB[step]}, {_laneB[step]}, {stage};
                """);
        }

        for (var part = 0; part < Parts; part++)
        {
            for (var step = 0; step < StepsOfPart; step++) WriteStep(part, step);
            _bytes?.WritePartEnd(part, stage);
        }
    }

    private void WriteStep(int part, int step)
    {
        var (partBytesA, partBytesB) = (_tile.BlockM * GroupedGemmTile.RowBytes, _tile.BlockN * GroupedGemmTile.RowBytes);
        for (var m = 0; m < _layout.M; m++) _writer.Code($"{Load} {Vector.Of(_a[m])}, [{_atA[step]}+{(part * partBytesA) + (m * 16 * GroupedGemmTile.RowBytes)}];");
        for (var n = 0; n < _layout.N; n += 2)
        {
            var offset = (partBytesA * Parts) + (part * partBytesB) + (n * 8 * GroupedGemmTile.RowBytes);
            _writer.Code($"{Load} {Vector.Of(_b[n].Concat(_b[n + 1]))}, [{_atB[step]}+{offset}];");
        }

        for (var m = 0; m < _layout.M; m++)
        {
            for (var n = 0; n < _layout.N; n++)
            {
                var sums = (_bytes?.Parts ?? _sums).Fragment(m, n);
                var before = step == 0 && _bytes is { StartsParts: true } ? _bytes.Nothing : sums;
                _writer.Code($"mma.sync.aligned.{Instruction} {Vector.Of(sums)}, {Vector.Of(_a[m])}, {Vector.Of(_b[n])}, {Vector.Of(before)};");
            }
        }
    }
}
