namespace KernelGen.Compiler.Ptx;

/// <summary>Copies of scales and zero points of groups, which travel with the stages: a thread's chunk of 16 bytes, of one group of the stage and a few columns.</summary>
internal sealed class GroupScaleCopies
{
    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly Scratch _scratch;
    private readonly StageGroups _groups;
    private readonly B32 _copied;
    private readonly List<Numbers> _numbers = [];

    /// <summary>Declares the registers of the copies.</summary>
    /// <param name="at">Where the scales of a stage begin.</param>
    /// <param name="copiesZeroPoints">Whether zero points are copied too.</param>
    public GroupScaleCopies(PtxWriter writer, GroupedGemmShape shape, GroupedGemmTile tile, Scratch scratch, int at, bool copiesZeroPoints)
    {
        (_writer, _shape, _tile, _scratch, _groups, _copied) = (writer, shape, tile, scratch, new(shape, tile), writer.B32("copied"));
        Add(ExpertGemmParameter.Scales, 4, at);
        if (copiesZeroPoints) Add(ExpertGemmParameter.ZeroPoints, 1, at + _groups.ScaleBytes);

        void Add(ExpertGemmParameter parameter, int bytes, int place)
        {
            var name = parameter.Text();
            _numbers.Add(new(parameter, bytes, place, writer.B32($"{name}To"), writer.B64($"{name}From"), writer.Pred($"{name}Copied")));
        }
    }

    /// <summary>Where a thread copies from and to.</summary>
    public void WriteSetup(TileSchedule schedule, B32 expert, B32 thread, B32 shared)
    {
        var (t0, t1, t2, wide) = (_scratch.T0, _scratch.T1, _scratch.T2, _scratch.Wide);
        _writer.Code(schedule.IsSplit ? $"mov.u32 {_copied}, {schedule.FirstBlock};" : $"mov.u32 {_copied}, 0;");
        foreach (var (parameter, bytes, _, to, from, copies) in _numbers)
        {
            var chunks = _tile.BlockN * bytes / Swizzle.ChunkBytes;
            _writer.Code($"""
                setp.lt.u32 {copies}, {thread}, {chunks * _groups.Count};
                mad.lo.u32 {to}, {thread}, {Swizzle.ChunkBytes}, {shared};
                div.u32 {t0}, {thread}, {chunks};
                rem.u32 {t1}, {thread}, {chunks};
                mul.lo.u32 {t1}, {t1}, {Swizzle.ChunkBytes / bytes};
                """);
            if (_shape.IsPaired)
            {
                _writer.Code($"""
                    div.u32 {t2}, {t1}, {_tile.BlockN / 2};
                    rem.u32 {t1}, {t1}, {_tile.BlockN / 2};
                    mad.lo.u32 {t1}, {t2}, {_shape.IntermediateSize}, {t1};
                    """);
            }

            _writer.Code($"""
                mad.lo.u32 {t1}, {schedule.BlockN}, {_shape.OutputColumns(_tile.BlockN)}, {t1};
                mad.lo.u32 {t0}, {expert}, {_shape.Groups}, {t0};
                """);
            _writer.LoadAddress(from, parameter);
            _writer.Code($"""
                mad.wide.u32 {from}, {t0}, {_shape.Columns * bytes}, {from};
                mul.wide.u32 {wide}, {t1}, {bytes};
                add.u64 {from}, {from}, {wide};
                """);
        }
    }

    /// <summary>Starts the copies of a stage.</summary>
    public void WriteCopies(B32 stage)
    {
        foreach (var (_, bytes, at, to, from, copies) in _numbers)
        {
            var stride = _shape.Columns * bytes;
            _writer.Code(_shape.GroupSize > _tile.BlockK
                ? $"""
                    div.u32 {_scratch.T2}, {_copied}, {_shape.GroupSize / _tile.BlockK};
                    mad.wide.u32 {_scratch.Wide}, {_scratch.T2}, {stride}, {from};
                    """
                : $"mad.wide.u32 {_scratch.Wide}, {_copied}, {_groups.Count * stride}, {from};");
            _writer.Code($"""
                add.u32 {_scratch.T2}, {to}, {stage};
                @{copies} cp.async.cg.shared.global [{_scratch.T2}+{at}], [{_scratch.Wide}], 16;
                """);
        }

        _writer.Code($"add.u32 {_copied}, {_copied}, 1;");
    }

    // What is copied: the parameter, its bytes, its place in a stage, where to and from, and whether the thread has a part of it.
    private sealed record Numbers(ExpertGemmParameter Parameter, int Bytes, int At, B32 To, B64 From, Pred Copies);
}
