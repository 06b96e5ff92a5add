namespace KernelGen.Compiler.Ptx;

/// <summary>
/// From stored weights to pairs of bfloat16, exactly and within registers. A lane has eight neighbours of a row: 16 bytes of
/// fp16, 8 of 8-bit and 4 of 4-bit numbers, which are the weights of two steps of <c>mma</c>, two pairs each.
/// </summary>
/// <remarks>
/// Integers become floats through magic numbers: 0x4300 is 128 in bfloat16, and 128 + x has x in its low seven bits. 11 bits of
/// fp16 are two bfloat16 numbers, the rounded one and the rest.
/// </remarks>
internal sealed class WeightConversion(PtxWriter writer, DType type)
{
    /// <summary>Registers of 32 bits that the eight weights lie in.</summary>
    public int Words => type switch { DType.Float16 => 4, DType.Int4 => 1, _ => 2 };

    /// <summary>Declares and sets what conversions of the whole kernel share.</summary>
    public void WriteSetup()
    {
        writer.Declare("b32", "converted");
        switch (type)
        {
            case DType.Float16:
                writer.Declare("b16", "half0", "half1");
                writer.Declare("f32", "wide0", "wide1", "rest0", "rest1");
                break;
            case DType.Float8E4M3:
                writer.Declare("b32", "zeros", "scaleOfBits", "high", "low");
                writer.Code("""
                    mov.b32 %zeros, 0;
                    mov.b32 %scaleOfBits, 0x7b807b80;
                    """);
                break;
            case DType.Int8:
                writer.Declare("b32", "ones", "minus");
                writer.Code("mov.b32 %ones, 0x3f803f80;");
                break;
            case DType.Int4:
                writer.Declare("b32", "ones", "odd");
                writer.Code("mov.b32 %ones, 0x3f803f80;");
                break;
        }
    }

    /// <summary>Writes one pair: weights 4 · <paramref name="step"/> + 2 · <paramref name="pair"/> and the next.</summary>
    /// <param name="words">The registers of the eight weights.</param>
    /// <param name="step">0 or 1.</param>
    /// <param name="pair">0 or 1.</param>
    /// <param name="to">Receives the pair.</param>
    /// <param name="rest">Receives what rounding has left of fp16 weights.</param>
    /// <param name="minusZero">For integers with zero points: a pair of −z, for 4-bit numbers −(128 + z).</param>
    public void WritePair(IReadOnlyList<string> words, int step, int pair, string to, string? rest, string? minusZero)
    {
        switch (type)
        {
            case DType.Float16:
                WriteHalves(words[(2 * step) + pair], to, rest!);
                break;

            // Sign, four bits of exponent and three of mantissa become those of a bfloat16 that is 2¹²⁰ too small, as subnormals too: high
            // bytes s0000eee and low bytes emmm0000, of four weights at once.
            case DType.Float8E4M3:
                if (pair == 0)
                {
                    writer.Code($"""
                        shr.u32 %high, {words[step]}, 4;
                        and.b32 %high, %high, 0x07070707;
                        lop3.b32 %high, {words[step]}, 0x80808080, %high, 0xea;
                        mul.lo.u32 %low, {words[step]}, 16;
                        and.b32 %low, %low, 0xf0f0f0f0;
                        """);
                }

                writer.Code($"""
                    prmt.b32 {to}, %low, %high, 0x{(pair * 0x2222) + 0x5140:x4};
                    fma.rn.bf16x2 {to}, {to}, %scaleOfBits, %zeros;
                    """);
                break;

            // 128 + the low seven bits, less 128 or, with the sign, 256.
            case DType.Int8:
                writer.Code($"""
                    prmt.b32 {to}, {words[step]}, 0, 0x{(pair * 0x0202) + 0x0100:x4};
                    lop3.b32 %minus, {to}, 0x00800080, 0xc300c300, 0xea;
                    lop3.b32 {to}, {to}, 0x007f007f, 0x43004300, 0xea;
                    fma.rn.bf16x2 {to}, {to}, %ones, %minus;
                    """);
                if (minusZero is not null) writer.Code($"fma.rn.bf16x2 {to}, {to}, %ones, {minusZero};");
                break;

            case DType.Int4:
                if (step == 0 && pair == 0) writer.Code($"shr.u32 %odd, {words[0]}, 4;");
                writer.Code($"""
                    prmt.b32 {to}, {words[0]}, %odd, 0x{(((2 * step) + pair) * 0x0101) + 0x0400:x4};
                    lop3.b32 {to}, {to}, 0x000f000f, 0x43004300, 0xea;
                    fma.rn.bf16x2 {to}, {to}, %ones, {minusZero};
                    """);
                break;
        }
    }

    /// <summary>Whether <see cref="WriteEight"/> pairs weights that are four apart: a shift then brings them where they belong.</summary>
    public static bool HasPairsApart(DType type) => type == DType.Int4;

    /// <summary>Writes the four pairs of eight weights: of neighbours, or x and x + 4 (<see cref="HasPairsApart"/>).</summary>
    /// <param name="words">The registers of the eight weights.</param>
    /// <param name="to">Receive the pairs.</param>
    /// <param name="rests">Receive what rounding has left of fp16 weights.</param>
    /// <param name="minusZero">As for <see cref="WritePair"/>.</param>
    public void WriteEight(IReadOnlyList<string> words, IReadOnlyList<string> to, IReadOnlyList<string>? rests, string? minusZero)
    {
        for (var x = 0; x < 4; x++)
        {
            if (!HasPairsApart(type))
            {
                WritePair(words, x / 2, x % 2, to[x], rests?[x], minusZero);
                continue;
            }

            if (x > 0) writer.Code($"shr.u32 %odd, {words[0]}, {4 * x};");
            writer.Code($"""
                lop3.b32 {to[x]}, {(x > 0 ? "%odd" : words[0])}, 0x000f000f, 0x43004300, 0xea;
                fma.rn.bf16x2 {to[x]}, {to[x]}, %ones, {minusZero};
                """);
        }
    }

    /// <summary>Writes the pair of a zero point for <see cref="WritePair"/>; <paramref name="zero"/> is the stored byte, widened with its sign.</summary>
    public void WriteMinusZero(string zero, string to)
    {
        if (type == DType.Int4)
        {
            writer.Code($"mad.lo.u32 {to}, {zero}, 0x00010001, 0xc300c300;");
            return;
        }

        writer.Code($"""
            neg.s32 {to}, {zero};
            cvt.rn.f32.s32 %minusZero, {to};
            cvt.rn.bf16x2.f32 {to}, %minusZero, %minusZero;
            """);
    }

    private void WriteHalves(string word, string to, string rest) => writer.Code($$"""
        mov.b32 {%half0, %half1}, {{word}};
        cvt.f32.f16 %wide0, %half0;
        cvt.f32.f16 %wide1, %half1;
        cvt.rn.bf16x2.f32 {{to}}, %wide1, %wide0;
        shl.b32 %converted, {{to}}, 16;
        mov.b32 %rest0, %converted;
        and.b32 %converted, {{to}}, 0xffff0000;
        mov.b32 %rest1, %converted;
        sub.rn.f32 %rest0, %wide0, %rest0;
        sub.rn.f32 %rest1, %wide1, %rest1;
        cvt.rn.bf16x2.f32 {{rest}}, %rest1, %rest0;
        """);
}
