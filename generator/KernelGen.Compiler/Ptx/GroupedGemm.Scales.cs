namespace KernelGen.Compiler.Ptx;

/// <content>
/// Scales and zero points of groups travel with the stages: [groups of the stage, columns of the tile], gate before up. The sums of a group
/// are kept apart until its end, then multiplied by their scale once.
/// </content>
public sealed partial class GroupedGemm
{
    private bool HasGroups => _shape.HasScales && _shape.GroupSize > 0;

    private int GroupsOfStage => Math.Max(_tile.BlockK / _shape.GroupSize, 1);

    private int Groups => (_shape.Reduction + _shape.GroupSize - 1) / _shape.GroupSize;

    private int ScaleBytes => HasGroups ? GroupsOfStage * _tile.BlockN * 4 : 0;

    /// <summary>Where the scales of a stage begin: behind the activations and the weights.</summary>
    private int ScalesAt => SpecialisedScalesAt;

    /// <summary>What threads copy: scales, then zero points, which threads that convert for others load themselves.</summary>
    private IEnumerable<(string Name, int Bytes, int At)> Copied()
    {
        if (!HasGroups) yield break;
        yield return ("scales", 4, ScalesAt);
    }

    private void WriteScaleCopySetup()
    {
        if (!HasGroups) return;
        _writer.Declare("b32", "copied");
        _writer.Code(_tile.SplitK > 1 ? "mov.u32 %copied, %firstBlock;" : "mov.u32 %copied, 0;");
        foreach (var (name, bytes, _) in Copied())
        {
            // A thread's chunk of 16 bytes: which group of the stage, which columns.
            var chunks = _tile.BlockN * bytes / ChunkBytes;
            var columnsOfChunk = ChunkBytes / bytes;
            _writer.Declare("b32", $"{name}To");
            _writer.Declare("b64", $"{name}From");
            _writer.Declare("pred", $"{name}Copied");
            _writer.Code($"""
                setp.lt.u32 %{name}Copied, %thread, {chunks * GroupsOfStage};
                mad.lo.u32 %{name}To, %thread, {ChunkBytes}, %shared;
                div.u32 %t0, %thread, {chunks};
                rem.u32 %t1, %thread, {chunks};
                mul.lo.u32 %t1, %t1, {columnsOfChunk};
                """);
            if (IsPaired)
            {
                _writer.Code($"""
                    div.u32 %t2, %t1, {_tile.BlockN / 2};
                    rem.u32 %t1, %t1, {_tile.BlockN / 2};
                    mad.lo.u32 %t1, %t2, {_shape.IntermediateSize}, %t1;
                    """);
            }

            _writer.Code($"""
                mad.lo.u32 %t1, %blockN, {OutputColumns(_tile.BlockN)}, %t1;
                mad.lo.u32 %t0, %expert, {Groups}, %t0;
                ld.param.u64 %{name}From, [{name}];
                cvta.to.global.u64 %{name}From, %{name}From;
                mad.wide.u32 %{name}From, %t0, {_shape.Columns * bytes}, %{name}From;
                mul.wide.u32 %wide, %t1, {bytes};
                add.u64 %{name}From, %{name}From, %wide;
                """);
        }
    }

    private void WriteScaleCopies()
    {
        if (!HasGroups) return;
        foreach (var (name, bytes, at) in Copied())
        {
            var stride = _shape.Columns * bytes;
            _writer.Code(_shape.GroupSize > _tile.BlockK
                ? $"""
                    div.u32 %t2, %copied, {_shape.GroupSize / _tile.BlockK};
                    mad.wide.u32 %wide, %t2, {stride}, %{name}From;
                    """
                : $"mad.wide.u32 %wide, %copied, {GroupsOfStage * stride}, %{name}From;");
            _writer.Code($"""
                add.u32 %t2, %{name}To, %stage;
                @%{name}Copied cp.async.cg.shared.global [%t2+{at}], [%wide], 16;
                """);
        }

        _writer.Code("add.u32 %copied, %copied, 1;");
    }

    private void DeclareGroupSums()
    {
        if (!HasGroups) return;
        _writer.Declare("f32", [.. Sums().Select(sum => $"group_{sum}")]);
        _writer.Declare("f32", [.. Enumerable.Range(0, 8).Select(i => $"scale{i}")]);
        _writer.Declare("b32", "laneScale", "atScale");
        _writer.Code($"""
            and.b32 %t0, %lane, 3;
            mul.lo.u32 %t0, %t0, {2 * StoredTiles};
            mad.lo.u32 %t0, %warpN, {OutputColumns(_tile.WarpN)}, %t0;
            mad.lo.u32 %laneScale, %t0, 4, %shared;
            """);
    }

    /// <summary>What the conversion of zero points, or of 4-bit numbers without them, needs.</summary>
    private void DeclareZero()
    {
        if (_shape.IsConverted) Conversion.WriteZeroSetup();
    }

    private static string GroupSum(int m, int n, int element) => $"group_{Sum(m, n, element)}";

    private void WriteGroupEnd(int group)
    {
        if (!HasGroups) return;
        if (group == 0) _writer.Code($"add.u32 %atScale, %laneScale, %stage;");
        var at = ScalesAt + (group * _tile.BlockN * 4);
        foreach (var (fragments, column, up) in StoredFragments(FragmentsN))
        {
            WriteLoads("shared", "scale", "atScale", at + ((column + (up ? _tile.BlockN / 2 : 0)) * 4L));
            for (var i = 0; i < fragments.Length; i++)
            {
                for (var m = 0; m < FragmentsM; m++)
                {
                    for (var x = 0; x < 4; x++) _writer.Code($"fma.rn.f32 %{Sum(m, fragments[i], x)}, %{GroupSum(m, fragments[i], x)}, %scale{(2 * i) + (x % 2)}, %{Sum(m, fragments[i], x)};");
                }
            }
        }
    }

    /// <summary>Fragments whose columns are neighbours in a thread, the first output column that they have, and whether they are up projections.</summary>
    private IEnumerable<(int[] Fragments, int Column, bool Up)> StoredFragments(int count)
    {
        for (var first = 0; first < (IsPaired ? count / 2 : count); first += StoredTiles)
        {
            var tiles = Enumerable.Range(first, StoredTiles);
            if (!IsPaired)
            {
                yield return ([.. tiles], first * 8, false);
                continue;
            }

            yield return ([.. tiles.Select(tile => FragmentOf(tile, 0))], first * 8, false);
            yield return ([.. tiles.Select(tile => FragmentOf(tile, 1))], first * 8, true);
        }
    }

    /// <summary>Loads the numbers of <see cref="StoredTiles"/> fragments' columns.</summary>
    private void WriteLoads(string space, string register, string address, long offset)
    {
        var count = 2 * StoredTiles;
        for (var start = 0; start < count; start += 4)
        {
            var registers = Enumerable.Range(start, Math.Min(count, 4)).Select(i => $"%{register}{i}").ToArray();
            _writer.Code($"ld.{space}.v{registers.Length}.f32 {OpenBrace}{string.Join(", ", registers)}{CloseBrace}, [%{address}+{offset + (start * 4)}];");
        }
    }
}
