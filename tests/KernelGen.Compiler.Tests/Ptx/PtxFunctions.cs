namespace KernelGen.Tests;

/// <summary>What instructions without memory make of a lane's operands.</summary>
internal static class PtxFunctions
{
    public delegate ulong Function(ulong a, ulong b, ulong c);

    public static readonly Dictionary<string, Function> ByName = new()
    {
        ["mov.b16"] = (a, _, _) => a,
        ["mov.b32"] = (a, _, _) => (uint)a,
        ["mov.u32"] = (a, _, _) => (uint)a,
        ["mov.f32"] = (a, _, _) => a,
        ["mov.b64"] = (a, _, _) => a,
        ["mov.u64"] = (a, _, _) => a,
        ["ld.param.u32"] = (a, _, _) => (uint)a,
        ["ld.param.u64"] = (a, _, _) => a,
        ["cvta.to.global.u64"] = (a, _, _) => a,
        ["cvta.param.u64"] = (a, _, _) => a,
        ["cvt.u64.u32"] = (a, _, _) => (uint)a,
        ["mapa.shared::cluster.u32"] = (a, b, _) => PtxCluster.AddressIn(a, (int)b),

        ["and.b32"] = (a, b, _) => (uint)(a & b),
        ["or.b32"] = (a, b, _) => (uint)(a | b),
        ["xor.b32"] = (a, b, _) => (uint)(a ^ b),
        ["or.b64"] = (a, b, _) => a | b,
        ["and.pred"] = (a, b, _) => a & b,
        ["not.pred"] = (a, _, _) => a ^ 1,
        ["shl.b32"] = (a, b, _) => b > 31 ? 0 : (uint)a << (int)b,
        ["shr.u32"] = (a, b, _) => b > 31 ? 0 : (uint)a >> (int)b,
        ["prmt.b32"] = (a, b, c) => Permute((uint)a | (b << 32), (uint)c),

        ["add.u32"] = (a, b, _) => (uint)(a + b),
        ["sub.u32"] = (a, b, _) => (uint)(a - b),
        ["neg.s32"] = (a, _, _) => (uint)(0 - a),
        ["max.u32"] = (a, b, _) => Math.Max((uint)a, (uint)b),
        ["min.u32"] = (a, b, _) => Math.Min((uint)a, (uint)b),
        ["add.u64"] = (a, b, _) => a + b,
        ["mul.lo.u32"] = (a, b, _) => (uint)(a * b),
        ["mul.wide.u32"] = (a, b, _) => a * (uint)b,
        ["mad.lo.u32"] = (a, b, c) => (uint)((a * b) + c),
        ["mad.wide.u32"] = (a, b, c) => (a * (uint)b) + c,
        ["div.u32"] = (a, b, _) => (uint)a / (uint)b,
        ["rem.u32"] = (a, b, _) => (uint)a % (uint)b,

        ["setp.lt.u32"] = (a, b, _) => Truth((uint)a < (uint)b),
        ["setp.ge.u32"] = (a, b, _) => Truth((uint)a >= (uint)b),
        ["setp.gt.u32"] = (a, b, _) => Truth((uint)a > (uint)b),
        ["setp.eq.u32"] = (a, b, _) => Truth((uint)a == (uint)b),
        ["setp.ne.u32"] = (a, b, _) => Truth((uint)a != (uint)b),
        ["setp.ne.b32"] = (a, b, _) => Truth((uint)a != (uint)b),
        ["setp.ne.and.u32"] = (a, b, c) => Truth((uint)a != (uint)b) & c,
        ["setp.ge.s32"] = (a, b, _) => Truth((int)a >= (int)b),
        ["setp.lt.f32"] = (a, b, _) => Truth(Single(a) < Single(b)),
        ["selp.b32"] = (a, b, c) => (uint)(c != 0 ? a : b),
        ["selp.b64"] = (a, b, c) => c != 0 ? a : b,
        ["selp.f32"] = (a, b, c) => c != 0 ? a : b,

        ["neg.f32"] = (a, _, _) => Bits(-Single(a)),
        ["div.rn.f32"] = (a, b, _) => Bits(Single(a) / Single(b)),
        ["abs.f32"] = (a, _, _) => Bits(Math.Abs(Single(a))),
        ["add.rn.f32"] = (a, b, _) => Bits(Single(a) + Single(b)),
        ["sub.rn.f32"] = (a, b, _) => Bits(Single(a) - Single(b)),
        ["mul.rn.f32"] = (a, b, _) => Bits(Single(a) * Single(b)),
        ["fma.rn.f32"] = (a, b, c) => Bits(MathF.FusedMultiplyAdd(Single(a), Single(b), Single(c))),
        ["min.NaN.f32"] = (a, b, _) => Bits(MathF.Min(Single(a), Single(b))),
        ["max.NaN.f32"] = (a, b, _) => Bits(MathF.Max(Single(a), Single(b))),
        ["ex2.approx.f32"] = (a, _, _) => Bits(MathF.Pow(2, Single(a))),
        ["rcp.approx.f32"] = (a, _, _) => Bits(1 / Single(a)),
        ["fma.rn.bf16x2"] = (a, b, c) => Pair(FusedHalf(a, b, c, 16), FusedHalf(a, b, c, 0)),
        ["cvt.f32.f16"] = (a, _, _) => Bits((float)BitConverter.UInt16BitsToHalf((ushort)a)),
        ["cvt.rn.f32.s32"] = (a, _, _) => Bits((int)a),
        ["cvt.rn.satfinite.e4m3x2.f32"] = (a, b, _) => ((ulong)Float8(a) << 8) | Float8(b),
        ["cvt.rn.bf16x2.f32"] = (a, b, _) => Pair(Single(a), Single(b)),
    };

    /// <summary>Any function of three bits, bit by bit.</summary>
    public static uint Logic(uint a, uint b, uint c, uint table)
    {
        var result = 0u;
        for (var place = 0; place < 8; place++)
        {
            if (((table >> place) & 1) != 0) result |= (place >= 4 ? a : ~a) & ((place & 2) != 0 ? b : ~b) & ((place & 1) != 0 ? c : ~c);
        }

        return result;
    }

    private static ulong Truth(bool value) => value ? 1UL : 0UL;

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private static ulong Pair(float high, float low) => ((uint)((BFloat16)high).Bits << 16) | ((BFloat16)low).Bits;

    private static byte Float8(ulong bits) => ((Float8E4M3)Math.Clamp(Single(bits), -448f, 448f)).Bits;

    private static float FusedHalf(ulong a, ulong b, ulong c, int shift)
    {
        return (float)Math.FusedMultiplyAdd(Half(a), Half(b), Half(c));

        double Half(ulong pair) => BitConverter.UInt32BitsToSingle((uint)(pair >> shift) << 16);
    }

    private static uint Permute(ulong bytes, uint selector)
    {
        var result = 0u;
        for (var place = 0; place < 4; place++)
        {
            var choice = (selector >> (4 * place)) & 15;
            Assert.True(choice < 8, "signs of bytes are not replicated here");
            result |= (uint)((bytes >> (int)(8 * choice)) & 0xFF) << (8 * place);
        }

        return result;
    }
}
