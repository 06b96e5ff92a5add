namespace KernelGen.Compiler.Ptx;

/// <summary>NaN among 8-bit floats, which their conversion would turn into a number.</summary>
internal sealed class NaNWeights(PtxWriter writer, WeightConversion conversion)
{
    private readonly B32 _seven = writer.B32("seven");

    /// <summary>Whether there is a NaN.</summary>
    public Pred IsNaN { get; } = writer.Pred("isNaN");

    /// <summary>Collects which of eight weights are NaN, in the bytes' highest bits.</summary>
    public void WriteCollection(IReadOnlyList<B32> words, B32 collected)
    {
        WriteSevens(words);
        writer.Code($"lop3.b32 {collected}, {collected}, {conversion.Converted}, {_seven}, 0xfe;");
    }

    /// <summary>Makes NaN of a pair of bfloat16 if it is among the eight numbers. Any NaN has the same effect on a sum.</summary>
    public void WriteAmong(IReadOnlyList<B32> words, B32 pair)
    {
        WriteSevens(words);
        writer.Code($"""
            lop3.b32 {_seven}, {_seven}, {conversion.Converted}, 0x80808080, 0xa8;
            setp.ne.b32 {IsNaN}, {_seven}, 0;
            @{IsNaN} mov.b32 {pair}, 0x7fff7fff;
            """);
    }

    /// <summary>Combines what the four lanes of a row have collected.</summary>
    public void WriteOfRow(B32 collected, B32 other)
    {
        foreach (var distance in new[] { 1, 2 })
        {
            writer.Code($"""
                shfl.sync.bfly.b32 {other}, {collected}, {distance}, 0x1f, 0xffffffff;
                or.b32 {collected}, {collected}, {other};
                """);
        }

        writer.Code($"and.b32 {collected}, {collected}, 0x80808080;");
    }

    /// <summary>Makes a sum NaN if there is one.</summary>
    public void WriteSum(F32 sum) => writer.Code($"@{IsNaN} mov.f32 {sum}, 0f7fc00000;");

    /// <summary>Sets the highest bit of each of eight bytes whose seven bits below the sign are all set: the only NaN there is.</summary>
    private void WriteSevens(IReadOnlyList<B32> words) => writer.Code($"""
        and.b32 {conversion.Converted}, {words[0]}, 0x7f7f7f7f;
        mad.lo.u32 {conversion.Converted}, {conversion.Converted}, 1, 0x01010101;
        and.b32 {_seven}, {words[1]}, 0x7f7f7f7f;
        mad.lo.u32 {_seven}, {_seven}, 1, 0x01010101;
        """);
}
