namespace KernelGen.Compiler.Ptx;

/// <content>
/// Weights of other types for <c>wgmma</c>, which wants bfloat16 in shared memory: two warp groups that copy take turns and convert
/// them on the way, each weight once for all rows of the tile. A thread loads weights of every 32nd row into registers, a turn ahead, and writes
/// what becomes of them in the order in which TMA deals rows out, under the same swizzle.
/// </content>
public sealed partial class GroupedGemm
{
    // The sums of a group need as many registers as all sums.
    private const int MaxColumnsOfGroups = 128;

    // Eight rows, after which the swizzle repeats.
    private const int SwizzleBytes = 8 * GroupedGemmTile.RowBytes;

    private bool ConvertsInCopies => _tile.IsSpecialised && _shape.IsConverted;

    // They take turns: of what a stage takes, most is waiting.
    private const int ConvertingGroups = 2;

    // A thread loads 16 neighbours of a row, which become two chunks of shared memory.
    private const int LoadedEights = 2;
    private const int LoadsOfWeightRow = ChunksOfRow / LoadedEights;

    /// <summary>Loads of a thread, each of one of the rows that are dealt out together.</summary>
    private int Loads => _tile.BlockN / GroupedGemmTile.DealtRows;

    private int StageBytesOfWeights => _shape.WeightBytes(GroupedGemmTile.RowElements);

    private int LoadBytes => _shape.WeightBytes(8 * LoadedEights);

    private int WeightTileBytes => _tile.BlockN * GroupedGemmTile.RowBytes;

    /// <summary>Where the scales of a stage begin: behind the weights and, of fp16, what rounding has left of them.</summary>
    private int SpecialisedScalesAt => ActivationBytes + ((HasRests ? 2 : 1) * WeightTileBytes);

    private int SpecialisedStageBytes => (SpecialisedScalesAt + ScaleBytes + SwizzleBytes - 1) / SwizzleBytes * SwizzleBytes;

    /// <summary>Rows of the weight matrix from the first half of the tile's rows to the second.</summary>
    private int SecondHalf => IsPaired ? _shape.IntermediateSize : _tile.BlockN / 2;

    private string? ProblemOfSpecialisedConversion()
    {
        if (_tile.Cluster > 1) return "kernels that convert weights do not support clusters";
        if (_tile.Stages <= ConvertingGroups) return $"{ConvertingGroups} warp groups cannot take turns with {_tile.Stages} stages";
        if (HasGroups && _shape.GroupSize != UnitElements && _shape.GroupSize % GroupedGemmTile.RowElements != 0)
            return $"groups of {_shape.GroupSize} and stages of {GroupedGemmTile.RowElements} do not divide each other";
        return (HasGroups || HasRests) && _tile.BlockN > MaxColumnsOfGroups
            ? $"{_tile.BlockN} columns leave no room for the sums of groups and for the rests of fp16; there may be {MaxColumnsOfGroups}"
            : null;
    }

    /// <summary>Numbers a converting group's threads from 0; the first stage is the first group's.</summary>
    private void WriteTurns()
    {
        _writer.Declare("pred", "ownTurn");
        _writer.Code($"""
            setp.lt.u32 %ownTurn, %thread, {GroupedGemmTile.WarpGroupThreads};
            and.b32 %thread, %thread, {GroupedGemmTile.WarpGroupThreads - 1};
            """);
    }

    private void WriteTurnOfOthers()
    {
        if (HasGroups) _writer.Code("@!%ownTurn add.u32 %copied, %copied, 1;");
        _writer.Code("@!%ownTurn bra CONVERTED;");
    }

    private void WriteEndOfOwnTurn()
    {
        _writer.Label("CONVERTED");
        _writer.Code("not.pred %ownTurn, %ownTurn;");
    }

    /// <summary>Which weights of a tile a thread has, and where they go.</summary>
    private void WriteConversionSetup()
    {
        var conversion = Conversion;
        conversion.WriteSetup();
        DeclareZero();
        _writer.Declare("b32", "weightRow", "weightChunk", "weightColumn");
        _writer.Declare("b32", [.. Enumerable.Range(0, LoadedEights).Select(eight => $"toEight{eight}")]);
        _writer.Declare("b32", [.. Enumerable.Range(0, 4).Select(pair => $"pair{pair}")]);
        if (HasRests) _writer.Declare("b32", [.. Enumerable.Range(0, 4).Select(pair => $"restPair{pair}")]);
        _writer.Declare("b64", "fromB", "fromSecond");
        _writer.Declare("pred", "loads");
        if (CollectsNaN)
        {
            _writer.Declare("b32", "seven");
            _writer.Declare("pred", "isNaN");
        }

        for (var load = 0; load < Loads; load++) _writer.Declare("b32", [.. Words(load)]);
        if (_shape.ZeroPoints)
        {
            _writer.Declare("b32", "zeroElement");
            _writer.Declare("b32", [.. Enumerable.Range(0, Loads).Select(load => $"zero{load}")]);
            _writer.Declare("b64", "zeroFrom");
        }

        _writer.Comment("The thread's weights: its column of the tile, and their place in shared memory.");
        _writer.Code($"""
            and.b32 %weightChunk, %thread, {LoadsOfWeightRow - 1};
            div.u32 %weightRow, %thread, {LoadsOfWeightRow};
            and.b32 %weightColumn, %weightRow, 1;
            shr.u32 %t0, %weightRow, 1;
            and.b32 %t0, %t0, 3;
            mad.lo.u32 %weightColumn, %t0, 8, %weightColumn;
            shr.u32 %t0, %weightRow, 3;
            and.b32 %t0, %t0, 3;
            mad.lo.u32 %weightColumn, %t0, 2, %weightColumn;
            mul.lo.u32 %t0, %weightChunk, {LoadedEights};
            and.b32 %t1, %weightRow, 7;
            xor.b32 %t0, %t0, %t1;
            mad.lo.u32 %toB, %t0, {ChunkBytes}, %toB;
            mad.lo.u32 %toB, %weightRow, {GroupedGemmTile.RowBytes}, %toB;
            """);
    }

    private IEnumerable<string> Words(int load) => Enumerable.Range(0, LoadBytes / 4).Select(word => $"word{load}_{word}");

    /// <summary>Where a tile's weights come from, and the loads of its first stage.</summary>
    private void WriteConversionSources()
    {
        _writer.Code($"""
            mad.lo.u32 %t0, %blockN, {OutputColumns(_tile.BlockN)}, %weightColumn;
            mad.lo.u32 %t1, %expert, {_shape.Columns}, %t0;
            ld.param.u64 %fromB, [weights];
            cvta.to.global.u64 %fromB, %fromB;
            mad.wide.u32 %fromB, %t1, {WeightRowBytes}, %fromB;
            mul.wide.u32 %wide, %weightChunk, {LoadBytes};
            add.u64 %fromB, %fromB, %wide;
            selp.b32 %t1, 0, 1, %ownTurn;
            setp.lt.u32 %loads, %t1, %left;
            {(_tile.SplitK > 1 ? "add.u32 %t1, %t1, %firstBlock;" : "")}
            mul.wide.u32 %wide, %t1, {StageBytesOfWeights};
            add.u64 %fromB, %fromB, %wide;
            add.u64 %fromSecond, %fromB, {SecondHalf * WeightRowBytes};
            """);
        if (_shape.ZeroPoints)
        {
            _writer.Code($"""
                mul.lo.u32 %zeroElement, %weightChunk, {8 * LoadedEights};
                mad.lo.u32 %zeroElement, %t1, {GroupedGemmTile.RowElements}, %zeroElement;
                mul.lo.u32 %t1, %expert, {Groups};
                ld.param.u64 %zeroFrom, [zeroPoints];
                cvta.to.global.u64 %zeroFrom, %zeroFrom;
                mad.wide.u32 %zeroFrom, %t1, {_shape.Columns}, %zeroFrom;
                cvt.u64.u32 %wide, %t0;
                add.u64 %zeroFrom, %zeroFrom, %wide;
                """);
            WriteZeroPointAddress();
        }

        for (var load = 0; load < Loads; load++) WriteLoad(load);
        WriteScaleCopySetup();
    }

    /// <summary>Loads a thread's weights of a row, and their zero point, if there is a stage left for them.</summary>
    private void WriteLoad(int load)
    {
        var (isSecond, column) = (load >= Loads / 2, load % (Loads / 2) * GroupedGemmTile.DealtRows);
        string[] words = [.. Words(load)];
        for (var first = 0; first < words.Length; first += 4)
        {
            var loaded = words.Skip(first).Take(4).Select(word => $"%{word}").ToArray();
            var from = $"[%{(isSecond ? "fromSecond" : "fromB")}+{(column * WeightRowBytes) + (first * 4)}]";
            _writer.Code($"@%loads ld.global.nc{LoadHints}.v{loaded.Length}.b32 {OpenBrace}{string.Join(", ", loaded)}{CloseBrace}, {from};");
        }

        if (_shape.ZeroPoints) _writer.Code($"@%loads ld.global.nc.s8 %zero{load}, [%address+{column + (isSecond ? SecondHalf : 0)}];");
    }

    // Weights are read once, but for the second half of what a thread has of fp16.
    private string LoadHints => LoadBytes > ChunkBytes ? ".L2::128B" : ".L1::no_allocate.L2::128B";

    private void WriteZeroPointAddress() => _writer.Code($"""
        div.u32 %t1, %zeroElement, {_shape.GroupSize};
        mad.wide.u32 %address, %t1, {_shape.Columns}, %zeroFrom;
        """);

    /// <summary>Converts the weights of a stage and loads those of the group's next.</summary>
    private void WriteConversion()
    {
        var conversion = Conversion;
        _writer.Code($"""
            setp.gt.u32 %loads, %left, {ConvertingGroups};
            add.u64 %fromB, %fromB, {ConvertingGroups * StageBytesOfWeights};
            add.u64 %fromSecond, %fromSecond, {ConvertingGroups * StageBytesOfWeights};
            add.u32 %toEight0, %toB, %stage;
            xor.b32 %toEight1, %toEight0, {ChunkBytes};
            """);
        if (_shape.ZeroPoints)
        {
            _writer.Code($"add.u32 %zeroElement, %zeroElement, {ConvertingGroups * GroupedGemmTile.RowElements};");
            WriteZeroPointAddress();
        }

        for (var load = 0; load < Loads; load++)
        {
            if (_shape.ZeroPoints) conversion.WriteMinusZero(new($"zero{load}"), new($"zero{load}"));
            for (var eight = 0; eight < LoadedEights; eight++) WriteEight(conversion, load, eight);
            WriteLoad(load);
        }

        _writer.Comment("Tensor cores see what was written behind a fence.");
        _writer.Code("""
            fence.proxy.async.shared::cta;
            mbarrier.arrive.shared.b64 _, [%full];
            """);
    }

    private void WriteEight(WeightConversion conversion, int load, int eight)
    {
        B32[] registers = [.. Words(load).Skip(eight * conversion.Words).Take(conversion.Words).Select(word => new B32(word))];
        for (var pair = 0; pair < 4; pair++)
        {
            conversion.WritePair(registers, pair / 2, pair % 2, new($"pair{pair}"), HasRests ? new B32($"restPair{pair}") : null, conversion.MinusZero(() => new($"zero{load}")));
        }

        if (CollectsNaN) WriteNaNAmong([.. registers.Select(word => word.ToString())], "pair0");

        var at = load * GroupedGemmTile.DealtRows * GroupedGemmTile.RowBytes;
        WriteStoredPairs("pair", at);
        if (HasRests) WriteStoredPairs("restPair", at + WeightTileBytes);

        void WriteStoredPairs(string register, int offset) =>
            _writer.Code($"st.shared.v4.b32 [%toEight{eight}+{offset}], {OpenBrace}{string.Join(", ", Enumerable.Range(0, 4).Select(pair => $"%{register}{pair}"))}{CloseBrace};");
    }
}
