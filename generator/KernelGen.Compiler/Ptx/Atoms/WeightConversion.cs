namespace KernelGen.Compiler.Ptx;

/// <summary>
/// Converts stored weights to pairs of bfloat16, exactly and in registers. A lane has eight neighbours of a row: 16 bytes of
/// fp16, 8 of 8-bit and 4 of 4-bit numbers, which are the weights of two steps of <c>mma</c>, two pairs each.
/// </summary>
/// <remarks>
/// Integers become floats through magic numbers: 0x4300 is 128 in bfloat16, and 128 + x has x in its low seven bits. The 11 bits of
/// fp16 become two bfloat16 numbers, the rounded one and the remainder.
/// </remarks>
internal sealed class WeightConversion
{
    private readonly PtxWriter _writer;
    private readonly DType _type;
    private readonly bool _hasZeroPoints;
    private readonly B32 _minusEight;
    private readonly F32 _minusZero;
    private readonly B32 _odd;
    private readonly B32 _ones;
    private readonly B32 _minus;
    private readonly B32 _zeros;
    private readonly B32 _scaleOfBits;
    private readonly B32 _high;
    private readonly B32 _low;
    private readonly B16[] _halves = [];
    private readonly F32[] _wide = [];
    private readonly F32[] _rests = [];

    /// <summary>Declares the registers that conversions share.</summary>
    public WeightConversion(PtxWriter writer, DType type, bool hasZeroPoints)
    {
        (_writer, _type, _hasZeroPoints) = (writer, type, hasZeroPoints);
        Converted = writer.B32("converted");
        switch (type)
        {
            case DType.Float16:
                _halves = [writer.B16("half0"), writer.B16("half1")];
                (_wide, _rests) = (writer.F32s("wide", 2), writer.F32s("rest", 2));
                break;
            case DType.Float8E4M3:
                (_zeros, _scaleOfBits, _high, _low) = (writer.B32("zeros"), writer.B32("scaleOfBits"), writer.B32("high"), writer.B32("low"));
                break;
            case DType.Int8:
                (_ones, _minus) = (writer.B32("ones"), writer.B32("minus"));
                if (hasZeroPoints) _minusZero = writer.F32("minusZero");
                break;
            case DType.Int4:
                (_ones, _odd) = (writer.B32("ones"), writer.B32("odd"));
                if (!hasZeroPoints) _minusEight = writer.B32("minusEight");
                break;
        }
    }

    /// <summary>A register for an intermediate result.</summary>
    public B32 Converted { get; }

    /// <summary>Registers of 32 bits that eight weights lie in.</summary>
    public static int WordsOf(DType type) => type switch { DType.Float16 => 4, DType.Int4 => 1, _ => 2 };

    /// <summary>Registers of 32 bits that the eight weights lie in.</summary>
    public int Words => WordsOf(_type);

    /// <summary>Sets what conversions of the whole kernel share.</summary>
    public void WriteSetup()
    {
        if (_type == DType.Float8E4M3)
        {
            _writer.Code($"""
                mov.b32 {_zeros}, 0;
                mov.b32 {_scaleOfBits}, 0x7b807b80;
                """);
        }
        else if (_type is DType.Int8 or DType.Int4)
        {
            _writer.Code($"mov.b32 {_ones}, 0x3f803f80;");
        }
    }

    /// <summary>Sets the zero point of 4-bit numbers that have none of their own.</summary>
    public void WriteZeroSetup()
    {
        if (_type == DType.Int4 && !_hasZeroPoints) _writer.Code($"mov.b32 {_minusEight}, 0xc308c308;");
    }

    /// <summary>The value added to converted integers: the zero point's pair if groups have zero points, that of 8 for 4-bit numbers without, otherwise none.</summary>
    public B32? MinusZero(Func<B32> zero) => _hasZeroPoints ? zero() : _type == DType.Int4 ? _minusEight : null;

    /// <summary>Writes one pair: weights 4 · <paramref name="step"/> + 2 · <paramref name="pair"/> and the next.</summary>
    /// <param name="words">The registers of the eight weights.</param>
    /// <param name="step">0 or 1.</param>
    /// <param name="pair">0 or 1.</param>
    /// <param name="to">Receives the pair.</param>
    /// <param name="rest">Receives the remainders of fp16 weights.</param>
    /// <param name="minusZero">For integers with zero points: a pair of −z, for 4-bit numbers −(128 + z).</param>
    public void WritePair(IReadOnlyList<B32> words, int step, int pair, B32 to, B32? rest, B32? minusZero)
    {
        switch (_type)
        {
            case DType.Float16:
                WriteHalves(words[(2 * step) + pair], to, rest!.Value);
                break;

            // Sign, four bits of exponent and three of mantissa become those of a bfloat16 that is 2¹²⁰ too small, as subnormals too: high
            // bytes s0000eee and low bytes emmm0000, of four weights at once.
            case DType.Float8E4M3:
                if (pair == 0)
                {
                    _writer.Code($"""
                        shr.u32 {_high}, {words[step]}, 4;
                        and.b32 {_high}, {_high}, 0x07070707;
                        lop3.b32 {_high}, {words[step]}, 0x80808080, {_high}, 0xea;
                        mul.lo.u32 {_low}, {words[step]}, 16;
                        and.b32 {_low}, {_low}, 0xf0f0f0f0;
                        """);
                }

                _writer.Code($"""
                    prmt.b32 {to}, {_low}, {_high}, 0x{(pair * 0x2222) + 0x5140:x4};
                    fma.rn.bf16x2 {to}, {to}, {_scaleOfBits}, {_zeros};
                    """);
                break;

            // 128 + the low seven bits, less 128 or, with the sign, 256.
            case DType.Int8:
                _writer.Code($"""
                    prmt.b32 {to}, {words[step]}, 0, 0x{(pair * 0x0202) + 0x0100:x4};
                    lop3.b32 {_minus}, {to}, 0x00800080, 0xc300c300, 0xea;
                    lop3.b32 {to}, {to}, 0x007f007f, 0x43004300, 0xea;
                    fma.rn.bf16x2 {to}, {to}, {_ones}, {_minus};
                    """);
                if (minusZero is not null) _writer.Code($"fma.rn.bf16x2 {to}, {to}, {_ones}, {minusZero};");
                break;

            case DType.Int4:
                if (step == 0 && pair == 0) _writer.Code($"shr.u32 {_odd}, {words[0]}, 4;");
                _writer.Code($"""
                    prmt.b32 {to}, {words[0]}, {_odd}, 0x{(((2 * step) + pair) * 0x0101) + 0x0400:x4};
                    lop3.b32 {to}, {to}, 0x000f000f, 0x43004300, 0xea;
                    fma.rn.bf16x2 {to}, {to}, {_ones}, {minusZero};
                    """);
                break;
        }
    }

    /// <summary>Whether <see cref="WriteEight"/> pairs weights that are four apart: a shift then puts them in place.</summary>
    public static bool HasPairsApart(DType type) => type == DType.Int4;

    /// <summary>Writes the four pairs of eight weights: of neighbours, or x and x + 4 (<see cref="HasPairsApart"/>).</summary>
    /// <param name="words">The registers of the eight weights.</param>
    /// <param name="to">Receive the pairs.</param>
    /// <param name="rests">Receive the remainders of fp16 weights.</param>
    /// <param name="minusZero">As for <see cref="WritePair"/>.</param>
    public void WriteEight(IReadOnlyList<B32> words, IReadOnlyList<B32> to, IReadOnlyList<B32>? rests, B32? minusZero)
    {
        for (var x = 0; x < 4; x++)
        {
            if (!HasPairsApart(_type))
            {
                WritePair(words, x / 2, x % 2, to[x], rests?[x], minusZero);
                continue;
            }

            if (x > 0) _writer.Code($"shr.u32 {_odd}, {words[0]}, {4 * x};");
            _writer.Code($"""
                lop3.b32 {to[x]}, {(x > 0 ? _odd : words[0])}, 0x000f000f, 0x43004300, 0xea;
                fma.rn.bf16x2 {to[x]}, {to[x]}, {_ones}, {minusZero};
                """);
        }
    }

    /// <summary>Writes the pair of a zero point for <see cref="WritePair"/>; <paramref name="zero"/> is the stored byte, widened with its sign.</summary>
    public void WriteMinusZero(B32 zero, B32 to)
    {
        if (_type == DType.Int4)
        {
            _writer.Code($"mad.lo.u32 {to}, {zero}, 0x00010001, 0xc300c300;");
            return;
        }

        _writer.Code($"""
            neg.s32 {to}, {zero};
            cvt.rn.f32.s32 {_minusZero}, {to};
            cvt.rn.bf16x2.f32 {to}, {_minusZero}, {_minusZero};
            """);
    }

    private void WriteHalves(B32 word, B32 to, B32 rest) => _writer.Code($"""
        mov.b32 {Vector.Of(_halves)}, {word};
        cvt.f32.f16 {_wide[0]}, {_halves[0]};
        cvt.f32.f16 {_wide[1]}, {_halves[1]};
        cvt.rn.bf16x2.f32 {to}, {_wide[1]}, {_wide[0]};
        shl.b32 {Converted}, {to}, 16;
        mov.b32 {_rests[0]}, {Converted};
        and.b32 {Converted}, {to}, 0xffff0000;
        mov.b32 {_rests[1]}, {Converted};
        sub.rn.f32 {_rests[0]}, {_wide[0]}, {_rests[0]};
        sub.rn.f32 {_rests[1]}, {_wide[1]}, {_rests[1]};
        cvt.rn.bf16x2.f32 {rest}, {_rests[1]}, {_rests[0]};
        """);
}
