namespace KernelGen.Compiler.Ptx;

/// <summary>
/// The warp groups that multiply with weights on the left. A thread has two rows of weights, gate and up row of one column or two columns, and two slots of each eight.
/// </summary>
internal sealed class LeftWgmma
{
    /// <summary>Rows of weights that one warp multiplies, in two halves of eight.</summary>
    public const int WarpRows = 16;

    private const int StepsOfPart = GroupedGemmTile.RowElements / 16;

    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly Warps _warps;
    private readonly PersistentSchedule _schedule;
    private readonly BarrierRing _ring;
    private readonly Descriptors _descriptors;
    private readonly LeftSums _sums;
    private readonly LeftEpilogue _epilogue;
    private readonly B32 _before;
    private readonly B32 _todo;
    private readonly B64 _left;
    private readonly B64 _right;
    private readonly Pred _accumulate;
    private readonly Pred _releases;

    public LeftWgmma(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, Warps warps, PersistentSchedule schedule, BarrierRing ring)
    {
        (_writer, _shape, _tile, _scratch, _warps, _schedule, _ring) = (writer, shape, tile, scratch, warps, schedule, ring);
        (_descriptors, _before, _todo) = (new(writer, scratch), writer.B32("before"), writer.B32("todo"));
        (_left, _right, _accumulate, _releases) = (writer.B64("atLeft"), writer.B64("atRight"), writer.Pred("accumulate"), writer.Pred("releases"));
        _sums = new(writer, tile);
        _epilogue = new(writer, shape, tile, scratch, schedule, _sums);
    }

    private int Parts => _tile.BlockBytes / GroupedGemmTile.RowBytes;

    /// <summary>Multiplies and stores one tile after the other.</summary>
    public void Write(int copyWarps, int slotBytes, B32 expert)
    {
        var (t0, rowBytes) = (_scratch.T0, SpecialisedKernel.WarpGroupRows * GroupedGemmTile.RowBytes);
        _ring.WriteReleaseSetup(_warps.Lane, _schedule.Rank);
        _writer.Code($"""
            sub.u32 {_warps.N}, {_warps.Warp}, {copyWarps};
            shr.u32 {t0}, {_warps.N}, 2;
            mad.lo.u32 {t0}, {t0}, {_sums.Fragments * rowBytes}, {_ring.Shared};
            add.u32 {t0}, {t0}, {slotBytes};
            mov.u32 {_scratch.T1}, {_ring.Shared};
            """);
        _descriptors.WriteSetup();
        _epilogue.WriteSetup(_warps);
        _writer.Label("MULTIPLYTILE");
        _schedule.WritePlace("END");
        _epilogue.WriteSlots(_warps, expert);
        _writer.Code($"""
            mov.u32 {_todo}, {_schedule.Blocks};
            setp.ne.u32 {_accumulate}, {_todo}, {_schedule.Blocks};
            """);
        _writer.Label("NEXT");
        _ring.WriteWaitForStage("EMPTY");
        _writer.Code("fence.proxy.async.shared::cta;");
        _descriptors.WriteStage(_ring.Stage);
        _writer.Code("wgmma.fence.sync.aligned;");
        WriteProducts();
        RunningProducts.WriteEndOfStage(_writer, _schedule, _ring, _accumulate, _releases, _before, _todo);
        _epilogue.Write(expert);
        _schedule.WriteNextTile("MULTIPLYTILE");
    }

    private void WriteProducts()
    {
        for (var part = 0; part < Parts; part++)
        {
            for (var step = 0; step < StepsOfPart; step++)
            {
                var accumulates = part + step == 0 ? _accumulate.ToString() : "1";
                _writer.Code($"add.u64 {_right}, {_descriptors.B}, {((part * _tile.BlockM * GroupedGemmTile.RowBytes) + (step * 32)) / Swizzle.ChunkBytes};");
                for (var rows = 0; rows < _sums.Fragments; rows++)
                {
                    var offset = (part * _tile.BlockN * GroupedGemmTile.RowBytes) + (rows * SpecialisedKernel.WarpGroupRows * GroupedGemmTile.RowBytes) + (step * 32);
                    _writer.Code($"""
                        add.u64 {_left}, {_descriptors.A}, {offset / Swizzle.ChunkBytes};
                        wgmma.mma_async.sync.aligned.m64n{_tile.BlockM}k16.f32.bf16.bf16 {Vector.Of(_sums.Of(rows))}, {_left}, {_right}, {accumulates}, 1, 1, 0, 0;
                        """);
                }
            }
        }
    }
}
