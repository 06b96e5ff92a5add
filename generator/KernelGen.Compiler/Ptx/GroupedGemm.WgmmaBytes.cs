namespace KernelGen.Compiler.Ptx;

/// <content>
/// <c>wgmma</c> of bytes. Byte for byte tiles, copies and descriptors are those of bfloat16, with twice the elements: a stage is one row of shared
/// memory, 128 elements. Sums of integers are exact and run on from stage to stage. Those of 8-bit floats keep 14 bits: each stage has sums of its own, which are
/// awaited, scaled and added in single precision while the other warp group multiplies. Where both kinds of sums are too many for the registers, columns take turns.
/// </content>
public sealed partial class GroupedGemm
{
    // Sums of a stage for so many columns are half of the whole sums of twice as many.
    private const int MaxColumnsPerTurn = 128;

    // DescriptorBits in halves.
    private const string LowDescriptorBits = "0x00010000";
    private const string HighDescriptorBits = "0x40000040";

    private bool MultipliesBytes => _tile.Core == TensorCore.WgmmaBytes;

    /// <summary>Whether sums of a part of the reduction are kept apart, scaled and added to the others.</summary>
    private bool HasPartialSums => HasGroups || MultipliesFloat8;

    /// <summary>Fragments whose sums of a stage there are at once.</summary>
    private int FragmentsOfTurn => MultipliesFloat8 && _tile.BlockN > MaxColumnsPerTurn ? FragmentsN / 2 : FragmentsN;

    private string WgmmaTypes => !MultipliesBytes ? "k16.f32.bf16.bf16" : HasIntegerSums ? "k32.s32.s8.s8" : "k32.f32.e4m3.e4m3";

    /// <summary>What follows an instruction's predicate: factors of floats and, of 16 bits, the operands' order.</summary>
    private string WgmmaSigns => !MultipliesBytes ? ", 1, 1, 0, 0" : HasIntegerSums ? "" : ", 1, 1";

    private int WgmmaByteStageBytes =>
        (WgmmaScalesAt + (CopiesBlockScales ? (_tile.RowsOfGroup + ScaledBlocks) * 4 : 0) + SwizzleBytes - 1) / SwizzleBytes * SwizzleBytes;

    private string? ProblemOfWgmmaBytes()
    {
        if (HasGroups && _shape.ScaledRows % GroupedGemmTile.DealtRows != 0) return $"{GroupedGemmTile.DealtRows} rows of weights that are dealt out together have no scale in common";
        return MultipliesFloat8 && FragmentsOfTurn is not (8 or 16) ? $"{_tile.BlockN} columns are not divided into turns of 64 or 128" : null;
    }

    /// <summary>
    /// Makes a register the same for all lanes, which it is, but of what depends on threads and on memory the assembler does not know: it then keeps stages, branches and
    /// descriptors in the warp's own registers. Instructions between products cost power, which limits many rows.
    /// </summary>
    private string AlikeInWarp(string register) => MultipliesBytes ? $"shfl.sync.idx.b32 %{register}, %{register}, 0, 0x1f, 0xffffffff;" : "";

    /// <summary>Low halves of the descriptors of the rows at %t0 and the columns at %t1; the address is in them alone.</summary>
    private void WriteLowDescriptors()
    {
        _writer.Declare("b32", "lowA", "lowB", "atLowA", "atLowB", "stageLow", "high");
        foreach (var (low, address) in new[] { ("lowA", "t0"), ("lowB", "t1") })
        {
            _writer.Code($"""
                and.b32 %{address}, %{address}, 0x3ffff;
                shr.u32 %{address}, %{address}, 4;
                or.b32 %{low}, %{address}, {LowDescriptorBits};
                """);
        }

        _writer.Code($"mov.u32 %high, {HighDescriptorBits};");
    }

    /// <summary>The descriptors of a stage, from a turn's first column on.</summary>
    private void WriteOperandsOfTurn(int turn)
    {
        if (turn == 0) _writer.Code("shr.u32 %stageLow, %stage, 4;");
        _writer.Code("add.u32 %atLowA, %lowA, %stageLow;\nadd.u32 %atLowB, %lowB, %stageLow;");
        if (turn > 0) _writer.Code($"add.u32 %atLowB, %atLowB, {turn * FragmentsOfTurn * 8 * GroupedGemmTile.RowBytes / ChunkBytes};");
        WriteOperands();
    }

    /// <summary>The descriptors of the next 32 elements.</summary>
    private void WriteOperandsOfStep()
    {
        _writer.Code("add.u32 %atLowA, %atLowA, 2;\nadd.u32 %atLowB, %atLowB, 2;");
        WriteOperands();
    }

    private void WriteOperands() => _writer.Code($"mov.b64 %atA, {OpenBrace}%atLowA, %high{CloseBrace};\nmov.b64 %atB, {OpenBrace}%atLowB, %high{CloseBrace};");

    private string[] StageSums => [.. Sums().Take(4 * FragmentsOfTurn).Select(sum => $"group_{sum}")];

    private void DeclareByteProducts()
    {
        if (MultipliesFloat8) _writer.Declare("f32", StageSums);
        if (!HasGroups) return;
        _writer.Declare("f32", [.. Enumerable.Range(0, FragmentsOfTurn / 4).Select(block => $"blockScale{block}")]);
        _writer.Declare("f32", "inputScale0", "inputScale1", "bothScales0", "bothScales1");
        _writer.Declare("b32", "laneScale", "atScale");
        _writer.Code($"""
            shr.u32 %t0, %lane, 2;
            mad.lo.u32 %t0, %warpM, {_tile.WarpM}, %t0;
            mad.lo.u32 %laneScale, %t0, 4, %shared;
            """);
    }

    private void WriteByteProducts()
    {
        for (var turn = 0; turn < FragmentsN / FragmentsOfTurn; turn++) WriteColumnTurn(turn);
        WriteEndOfStage("%todo", "NEXT");
    }

    /// <summary>The sums of a stage for a turn's columns, awaited at once: where sums that are under way meet a branch, the assembler has every instruction wait for the one before.</summary>
    private void WriteColumnTurn(int turn)
    {
        if (turn > 0)
        {
            WriteOperandsOfTurn(turn);
            _writer.Code("wgmma.fence.sync.aligned;");
        }

        for (var step = 0; step < StepsOfPart; step++) WriteWgmma(step, StageSums, step == 0 ? "0" : "1");
        _writer.Code("wgmma.commit_group.sync.aligned;");
        WriteScalesOfTurn(turn);
        _writer.Code("wgmma.wait_group.sync.aligned 0;");
        if ((turn + 1) * FragmentsOfTurn == FragmentsN) WriteRelease("%signals", "%barrier");
        WriteColumnTurnEnd(turn);
    }

    private void WriteColumnTurnEnd(int turn)
    {
        for (var block = 0; block < FragmentsOfTurn / 4; block++)
        {
            for (var half = 0; half < 2 && HasGroups; half++) _writer.Code($"mul.rn.f32 %bothScales{half}, %inputScale{half}, %blockScale{block};");
            for (var fragment = 4 * block; fragment < 4 * (block + 1); fragment++)
            {
                for (var x = 0; x < 4; x++)
                {
                    var (sum, part) = (Sum(0, (turn * FragmentsOfTurn) + fragment, x), GroupSum(0, fragment, x));
                    _writer.Code(HasGroups ? $"fma.rn.f32 %{sum}, %{part}, %bothScales{x / 2}, %{sum};" : $"add.rn.f32 %{sum}, %{sum}, %{part};");
                }
            }
        }
    }
}
