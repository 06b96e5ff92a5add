namespace KernelGen.Compiler.Ptx;

/// <content>
/// The main loop for weights that become bfloat16 within registers, with <c>mma.sync</c>. A stage is cut into units of 32 elements of the
/// reduction, of which a lane multiplies the eight neighbours 8·(lane mod 4) …: both operands name the elements of a step in that
/// order, which a sum does not see, so that a lane's weights are one load.
/// </content>
public sealed partial class GroupedGemm
{
    private const int UnitElements = 32;

    /// <summary>Sums of fp16 weights take two products: that of the rounded weight and that of the rest.</summary>
    private bool HasRests => _shape.WeightType == DType.Float16;

    private bool CollectsNaN => _shape.WeightType == DType.Float8E4M3;

    private WeightConversion? _conversion;

    private WeightConversion Conversion => _conversion ??= new(_writer, _shape.WeightType, _shape.ZeroPoints);

    /// <summary>Makes NaN of a pair of bfloat16 if it is among the eight numbers. One makes the same of a sum as another.</summary>
    private void WriteNaNAmong(string[] words, string pair)
    {
        WriteSevens(words);
        _writer.Code($"""
            lop3.b32 %seven, %seven, %converted, 0x80808080, 0xa8;
            setp.ne.b32 %isNaN, %seven, 0;
            @%isNaN mov.b32 %{pair}, 0x7fff7fff;
            """);
    }

    /// <summary>Sets the highest bit of each of eight bytes whose seven bits below the sign are all set: the only NaN there is.</summary>
    private void WriteSevens(string[] words) => _writer.Code($"""
        and.b32 %converted, {words[0]}, 0x7f7f7f7f;
        mad.lo.u32 %converted, %converted, 1, 0x01010101;
        and.b32 %seven, {words[1]}, 0x7f7f7f7f;
        mad.lo.u32 %seven, %seven, 1, 0x01010101;
        """);

}
