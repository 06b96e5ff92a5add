using KernelGen.Numerics;

namespace KernelGen.HuggingFace;

/// <summary>The encoding of a checkpoint's weights.</summary>
internal enum WeightEncoding
{
    Float32,
    Float16,
    BFloat16,

    /// <summary>8-bit floats with scales.</summary>
    Float8E4M3,

    /// <summary>Signed bytes with scales.</summary>
    Int8,

    /// <summary>Numbers of 0 to 15 around a zero point, with scales: the one with even index in the low half of a byte.</summary>
    Int4,

    /// <summary>4-bit floats with scales: the one with even index in the low half of a byte.</summary>
    Float4E2M1,
}

/// <summary>Reads weights as fp32.</summary>
internal static unsafe class WeightEncodings
{
    // OCP Microscaling Formats (MX) v1.0, section 5.3.3: sign, two exponent bits of bias 1, one mantissa bit.
    private static ReadOnlySpan<float> E2M1 => [0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f, -0f, -0.5f, -1f, -1.5f, -2f, -3f, -4f, -6f];

    public static int Bits(this WeightEncoding encoding) => encoding switch
    {
        WeightEncoding.Float32 => 32,
        WeightEncoding.Float16 or WeightEncoding.BFloat16 => 16,
        WeightEncoding.Float8E4M3 or WeightEncoding.Int8 => 8,
        _ => 4,
    };

    /// <summary>Widens a run of weights exactly, then multiplies by the scale, if any.</summary>
    /// <param name="encoding">The encoding.</param>
    /// <param name="start">Address of the tensor.</param>
    /// <param name="first">Index of the first weight; even for 4-bit weights.</param>
    /// <param name="target">Receives the weights; an even number for 4-bit floats.</param>
    /// <param name="scale">The scale that they share; 1 if there is none.</param>
    /// <param name="zeroPoint">The zero point of <see cref="WeightEncoding.Int4"/>.</param>
    public static void Read(this WeightEncoding encoding, nint start, long first, Span<float> target, float scale, int zeroPoint)
    {
        var source = (byte*)start + (first * encoding.Bits() / 8);
        fixed (float* to = target)
        {
            switch (encoding)
            {
                case WeightEncoding.Float32: Simd.Widen((float*)source, to, target.Length); break;
                case WeightEncoding.Float16: Simd.Widen((Half*)source, to, target.Length); break;
                case WeightEncoding.BFloat16: Simd.Widen((BFloat16*)source, to, target.Length); break;
                case WeightEncoding.Float8E4M3: Simd.Dequantize((Float8E4M3*)source, to, target.Length, scale); break;
                case WeightEncoding.Int8: Simd.Dequantize((sbyte*)source, to, target.Length, 0, scale); break;
                case WeightEncoding.Int4: Simd.Dequantize((Int4Pair*)source, to, target.Length, zeroPoint, scale); break;
                default: ReadE2M1(source, to, target.Length, scale); break;
            }
        }
    }

    private static void ReadE2M1(byte* source, float* target, int count, float scale)
    {
        var values = stackalloc float[16]; // the possible values of a weight in this run
        for (var i = 0; i < E2M1.Length; i++) values[i] = E2M1[i] * scale;
        for (var i = 0; i < count; i += 2)
        {
            target[i] = values[source[i / 2] & 0xF];
            target[i + 1] = values[source[i / 2] >> 4];
        }
    }
}
