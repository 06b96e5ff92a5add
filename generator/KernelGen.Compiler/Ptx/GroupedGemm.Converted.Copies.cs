namespace KernelGen.Compiler.Ptx;

/// <content>
/// Copies of weights that become bfloat16 within registers. A stage holds the activations, the weights, and the scales and zero points of
/// its groups. Activations and weights lie in units of 32 elements, all rows of a unit one behind the other: what a warp reads at once
/// is 8 rows, hence neighbours. Units lie a little apart, so that the chunks of a row that are copied together lie in different banks.
/// </content>
public sealed partial class GroupedGemm
{
    private const int BankBytes = 128;

    private const int UnitPitchA = UnitElements * 2;

    private int UnitPitchB => _shape.WeightBytes(UnitElements);

    private int UnitBytesA => (_tile.BlockM * UnitPitchA) + (BankBytes / 2);

    private int UnitBytesB => (_tile.BlockN * UnitPitchB) + (ChunksOfWeightRow > ChunksOfUnit ? BankBytes * ChunksOfUnit / ChunksOfWeightRow : 0);

    private int ConvertedActivationBytes => Units * UnitBytesA;

    private int ConvertedWeightBytes => Units * UnitBytesB;

    private int ConvertedStageBytes => (ConvertedActivationBytes + ConvertedWeightBytes + ScaleBytes + ZeroPointBytes + BankBytes - 1) / BankBytes * BankBytes;

    /// <summary>Chunks of a row of weights that are copied at once.</summary>
    private int ChunksOfWeightRow => Math.Min(_shape.WeightBytes(_tile.BlockK) / ChunkBytes, ChunksOfRow);

    private int ChunksOfUnit => UnitPitchB / ChunkBytes;

    private int RowsOfConvertedPass => _tile.Threads / ChunksOfWeightRow;

    private string? ProblemOfConversion()
    {
        if (_shape.WeightType == DType.Float32) return "weights in single precision have no tensor-core instruction as exact";
        if (_tile.IsSpecialised) return ProblemOfSpecialisedConversion();
        if (_tile.Chained) return $"weights of type {_shape.WeightType} are multiplied with mma in one kernel after the other";
        if (HasGroups && (_shape.GroupSize % UnitElements != 0 || (ElementsOfWarp % _shape.GroupSize != 0 && _shape.GroupSize % ElementsOfWarp != 0)))
            return $"groups of {_shape.GroupSize} and a warp's {ElementsOfWarp} elements do not divide each other";
        if ((_tile.Threads & (_tile.Threads - 1)) != 0) return $"{_tile.Threads} threads are no power of two";
        if (ChunksOfWeightRow < ChunksOfUnit || _tile.BlockN % RowsOfConvertedPass != 0) return $"{_tile.Threads} threads cannot share the copies of {_tile.BlockN} rows evenly";
        if (ScaleBytes / ChunkBytes > _tile.Threads) return $"{_tile.Threads} threads cannot copy {GroupsOfStage} groups of scales at once";
        return null;
    }

    private void WriteConvertedCopySetup()
    {
        _writer.Declare("b32", "shared", "row", "chunk", "weightRow", "weightChunk", "toA", "toB", "stageIn", "stageOut", "ahead", "done");
        _writer.Declare("b64", "chunkOffset", "weightOffset", "fromA", "fromB");
        _writer.Declare("pred", "more", "wrap", "valid");
        WriteCopyStart();
        _writer.Code($"""
            shr.u32 %t0, %chunk, 2;
            mad.lo.u32 %toA, %t0, {UnitBytesA}, %shared;
            and.b32 %t0, %chunk, 3;
            mad.lo.u32 %toA, %t0, {ChunkBytes}, %toA;
            mad.lo.u32 %toA, %row, {UnitPitchA}, %toA;
            and.b32 %weightChunk, %thread, {ChunksOfWeightRow - 1};
            div.u32 %weightRow, %thread, {ChunksOfWeightRow};
            div.u32 %t0, %weightChunk, {ChunksOfUnit};
            mad.lo.u32 %toB, %t0, {UnitBytesB}, %shared;
            rem.u32 %t0, %weightChunk, {ChunksOfUnit};
            mad.lo.u32 %toB, %t0, {ChunkBytes}, %toB;
            mad.lo.u32 %toB, %weightRow, {UnitPitchB}, %toB;
            mul.wide.u32 %chunkOffset, %chunk, {ChunkBytes};
            mul.wide.u32 %weightOffset, %weightChunk, {ChunkBytes};
            """);
        if (_tile.SplitK > 1)
        {
            _writer.Code($"""
                mul.wide.u32 %wide, %firstBlock, {_tile.BlockK * 2};
                add.u64 %chunkOffset, %chunkOffset, %wide;
                mul.wide.u32 %wide, %firstBlock, {_shape.WeightBytes(_tile.BlockK)};
                add.u64 %weightOffset, %weightOffset, %wide;
                """);
        }

        WriteWeightRows("weightRow", "weightOffset");
        WriteActivationRows();
        WriteScaleCopySetup();
    }

    private void WriteConvertedCopies()
    {
        _writer.Code("""
            add.u32 %t0, %toB, %stageIn;
            add.u32 %t1, %toA, %stageIn;
            """);
        var chunks = _shape.WeightBytes(_tile.BlockK) / ChunkBytes;
        for (var chunk = 0; chunk < chunks; chunk += ChunksOfWeightRow)
        {
            for (var pass = 0; pass < _tile.BlockN / RowsOfConvertedPass; pass++)
            {
                var (source, offset) = WeightSource(pass);
                var target = ConvertedActivationBytes + (chunk / ChunksOfUnit * UnitBytesB) + (pass * RowsOfConvertedPass * UnitPitchB);
                _writer.Code($"cp.async.cg.shared.global.L2::128B [%t0+{target}], [%{source}+{offset + (chunk * ChunkBytes)}], 16;");
            }
        }

        var condition = _tile.BlockM < RowsOfPass ? "@%copiesA " : "";
        for (var part = 0; part < Parts; part++)
        {
            for (var pass = 0; pass < PassesA; pass++)
            {
                var target = (part * GroupedGemmTile.RowElements / UnitElements * UnitBytesA) + (pass * RowsOfPass * UnitPitchA);
                _writer.Code($"{condition}cp.async.cg.shared.global [%t1+{target}], [%fromA{pass}+{part * GroupedGemmTile.RowBytes}], 16, %bytes{pass};");
            }
        }

        WriteScaleCopies();
        var step = _shape.WeightBytes(_tile.BlockK);
        _writer.Code($"add.u64 %fromB, %fromB, {step};");
        if (HasUpAddress) _writer.Code($"add.u64 %fromUp, %fromUp, {step};");
        for (var pass = 0; pass < PassesA; pass++) _writer.Code($"add.u64 %fromA{pass}, %fromA{pass}, {_tile.BlockK * 2};");
    }
}
