namespace KernelGen.Compiler.Ptx;

/// <content>
/// Bytes times bytes: activations and weights of one 8-bit type. Byte for byte the fragments are those of bfloat16, so tiles, swizzle, <c>ldmatrix</c>
/// and copies are the same, with twice the elements. What differs are the sums: tensor cores keep those of integers exactly, however many there
/// are, and those of 8-bit floats to 14 bits alone, so that the sum of each 128 elements, a row of shared memory, is added in single precision.
/// </content>
public sealed partial class GroupedGemm
{
    /// <summary>Elements of a row that share a scale, where not all of it do: those of a row of shared memory.</summary>
    private const int ByteGroup = GroupedGemmTile.RowBytes;

    private bool HasIntegerSums => _shape.QuantizedInputs && _shape.WeightType == DType.Int8;

    private bool MultipliesFloat8 => _shape.QuantizedInputs && _shape.WeightType == DType.Float8E4M3;

    private bool HasInputGroups => _shape.QuantizedInputs && HasGroups;

    /// <summary>Whether the output are sums that the phase which adds up the slices scales.</summary>
    private bool StoresBareSums => IsGateUp && _tile.SplitK > 1;

    private string Instruction => !_shape.QuantizedInputs ? "m16n8k16.row.col.f32.bf16.bf16.f32"
        : HasIntegerSums ? "m16n8k32.row.col.s32.s8.s8.s32" : "m16n8k32.row.col.f32.e4m3.e4m3.f32";

    /// <summary>Whether whole sums are multiplied by the scale of their row of activations; slices that stay integers are not.</summary>
    private bool HasRowInputScales => _shape.QuantizedInputs && !HasGroups && !(HasIntegerSums && StoresBareSums);

    private int InputScalesAt => ScalesAt + ScaleBytes;

    private int InputScaleBytes => HasInputGroups ? GroupsOfStage * _tile.BlockM * 4 : 0;

    private int ByteStageBytes => (_tile.StageBytes + ScaleBytes + InputScaleBytes + BankBytes - 1) / BankBytes * BankBytes;

    private string? ProblemOfBytes()
    {
        if (!_shape.QuantizedInputs || _tile.ElementBytes != 1) return "bytes are multiplied with bytes, and with instructions for bytes alone";
        if (_shape.WeightType is not (DType.Float8E4M3 or DType.Int8) || _shape.ZeroPoints) return $"activations are no {_shape.WeightType} with these scales";
        if (_shape.GroupSize != 0 && (_shape.GroupSize != ByteGroup || HasIntegerSums)) return $"groups of {_shape.GroupSize} are no rows of shared memory that are 8-bit floats";
        if (MultipliesBytes) return ProblemOfWgmmaBytes();
        if (HasGroups && Math.Max(ScaleBytes / ChunkBytes, _tile.BlockM) > _tile.Threads) return $"{_tile.Threads} threads cannot copy the scales of {_tile.BlockM}x{_tile.BlockN} at once";
        return null;
    }

    private void DeclareParts()
    {
        if (!_shape.QuantizedInputs) return;
        if (HasIntegerSums)
        {
            _writer.Declare("b32", [.. Sums().Select(sum => $"group_{sum}")]);
            foreach (var sum in Sums()) _writer.Code($"mov.b32 %group_{sum}, 0;");
        }
        else if (HasGroups)
        {
            DeclareScales();
            _writer.Declare("f32", "bothScales");
            _writer.Declare("f32", [.. RowHalves().Select(row => $"rowScale{row.M}_{row.Half}")]);
            _writer.Declare("b32", "laneRowScale", "atRowScale");
            _writer.Code($"""
                shr.u32 %t0, %lane, 2;
                mad.lo.u32 %t0, %warpM, {_tile.WarpM}, %t0;
                mad.lo.u32 %laneRowScale, %t0, 4, %shared;
                """);
        }
        else
        {
            _writer.Declare("f32", [.. Sums().Select(sum => $"group_{sum}")]);
            _writer.Declare("f32", "nothing");
            _writer.Code("mov.f32 %nothing, 0f00000000;");
        }
    }

    /// <summary>Adds the sums of a part's 128 elements, times the scales of their row and of their column.</summary>
    private void WritePartEnd(int part)
    {
        if (!HasGroups)
        {
            foreach (var sum in Sums()) _writer.Code($"add.rn.f32 %{sum}, %{sum}, %group_{sum};");
            return;
        }

        if (part == 0)
        {
            _writer.Code("""
                add.u32 %atScale, %laneScale, %stageOut;
                add.u32 %atRowScale, %laneRowScale, %stageOut;
                """);
        }

        foreach (var (m, half) in RowHalves())
            _writer.Code($"ld.shared.f32 %rowScale{m}_{half}, [%atRowScale+{InputScalesAt + (((part * _tile.BlockM) + (m * 16) + (half * 8)) * 4)}];");
        foreach (var (fragments, column, up) in StoredFragments(FragmentsN))
        {
            WriteLoads("shared", "scale", "atScale", ScalesAt + (((part * _tile.BlockN) + column + (up ? _tile.BlockN / 2 : 0)) * 4L));
            for (var i = 0; i < fragments.Length; i++)
            {
                for (var m = 0; m < FragmentsM; m++)
                {
                    for (var x = 0; x < 4; x++)
                    {
                        _writer.Code($"""
                            mul.rn.f32 %bothScales, %rowScale{m}_{x / 2}, %scale{(2 * i) + (x % 2)};
                            fma.rn.f32 %{Sum(m, fragments[i], x)}, %{GroupSum(m, fragments[i], x)}, %bothScales, %{Sum(m, fragments[i], x)};
                            """);
                    }
                }
            }
        }
    }

    /// <summary>Integers become singles once; slices of the first product stay integers, exact until they are added up.</summary>
    private void WriteIntegerSums()
    {
        foreach (var sum in Sums())
        {
            // The registers of wgmma's sums, which are many, serve both.
            if (!MultipliesBytes) _writer.Code($"{(StoresBareSums ? "mov.b32" : "cvt.rn.f32.s32")} %{sum}, %group_{sum};");
            else if (!StoresBareSums) _writer.Code($"cvt.rn.f32.s32 %{sum}, %{sum};");
        }
    }

    /// <summary>A thread copies the scales of one row of activations, those of a stage's groups.</summary>
    private void WriteInputScaleCopySetup()
    {
        if (!HasInputGroups) return;
        _writer.Declare("b32", "inputScalesTo", "inputScaleBytes", "scaledRow");
        _writer.Declare("b64", "inputScalesFrom");
        _writer.Declare("pred", "inputScalesCopied");
        _writer.Code($"""
            setp.lt.u32 %inputScalesCopied, %thread, {_tile.BlockM};
            mul.wide.u32 %wide, %thread, 4;
            add.u64 %address, %sortedSlots, %wide;
            mov.u32 %scaledRow, %slots;
            @%inputScalesCopied ld.global.u32 %scaledRow, [%address];
            setp.lt.u32 %valid, %scaledRow, %slots;
            selp.b32 %inputScaleBytes, 4, 0, %valid;
            {RowOfSlot("scaledRow")}
            selp.b32 %scaledRow, %scaledRow, 0, %valid;
            mad.lo.u32 %inputScalesTo, %thread, 4, %shared;
            ld.param.u64 %inputScalesFrom, [inputScales];
            cvta.to.global.u64 %inputScalesFrom, %inputScalesFrom;
            mad.wide.u32 %inputScalesFrom, %scaledRow, {Groups * 4}, %inputScalesFrom;
            """);
        if (_tile.SplitK == 1) return;
        _writer.Code($"mad.wide.u32 %inputScalesFrom, %firstBlock, {GroupsOfStage * 4}, %inputScalesFrom;");
    }

    private void WriteInputScaleCopies()
    {
        if (!HasInputGroups) return;
        _writer.Code("add.u32 %t2, %inputScalesTo, %stageIn;");
        for (var group = 0; group < GroupsOfStage; group++)
            _writer.Code($"@%inputScalesCopied cp.async.ca.shared.global [%t2+{InputScalesAt + (group * _tile.BlockM * 4)}], [%inputScalesFrom+{group * 4}], 4, %inputScaleBytes;");
        _writer.Code($"add.u64 %inputScalesFrom, %inputScalesFrom, {GroupsOfStage * 4};");
    }

    /// <summary>Where all of a row of activations has one scale: multiplies whole sums by it. Rows that pad have sums of 0.</summary>
    private void WriteInputScales()
    {
        if (!HasRowInputScales) return;
        _writer.Declare("f32", "inputScale");
        _writer.Comment("Scales of the activations.");
        _writer.Code("""
            ld.param.u64 %address, [inputScales];
            cvta.to.global.u64 %address, %address;
            """);
        foreach (var (m, half) in RowHalves())
        {
            _writer.Code($"""
                ld.global.u32 %slot, [%rows+{((m * 16) + (half * 8)) * 4}];
                setp.lt.u32 %outside, %slot, %slots;
                {RowOfSlot("slot")}
                mul.wide.u32 %wide, %slot, 4;
                add.u64 %wide, %address, %wide;
                mov.f32 %inputScale, 0f00000000;
                @%outside ld.global.f32 %inputScale, [%wide];
                """);
            for (var n = 0; n < FragmentsN; n++)
            {
                for (var x = 0; x < 2; x++) _writer.Code($"mul.rn.f32 %{Sum(m, n, (2 * half) + x)}, %{Sum(m, n, (2 * half) + x)}, %inputScale;");
            }
        }
    }

    /// <summary>The row of activations that a slot has: of hidden states its token's, of intermediate states its own.</summary>
    private string RowOfSlot(string slot) => IsGateUp ? $"div.u32 %{slot}, %{slot}, {_shape.TopK};" : "";

    private IEnumerable<(int M, int Half)> RowHalves() => from m in Enumerable.Range(0, FragmentsM) from half in Enumerable.Range(0, 2) select (m, half);
}
