using System.Runtime.Intrinsics;
using KernelGen.Numerics;

namespace KernelGen.Tests;

/// <summary>Loads of stored weights, every bit pattern at every width.</summary>
public sealed unsafe class SimdWeightsTests
{
    private static readonly Half[] Halves = [.. Enumerable.Range(0, 65536).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits))];
    private static readonly Float8E4M3[] Float8s = [.. Enumerable.Range(0, 256).Select(bits => new Float8E4M3((byte)bits))];
    private static readonly sbyte[] Bytes = [.. Enumerable.Range(-128, 256).Select(number => (sbyte)number)];

    [Fact]
    public void Halves128() => AllHalves<Vector128<float>>(4, source => Simd.Load<Vector128<float>>(source));

    [Fact]
    public void Halves256() => AllHalves<Vector256<float>>(8, source => Simd.Load<Vector256<float>>(source));

    [Fact]
    public void Halves512() => AllHalves<Vector512<float>>(16, source => Simd.Load<Vector512<float>>(source));

    [Fact]
    public void WidensHalvesAndTheRemainder()
    {
        var target = new float[Halves.Length];
        fixed (Half* source = Halves)
        fixed (float* first = target) Simd.Widen(source, first, target.Length - 3);
        for (var i = 0; i < target.Length - 3; i++) AssertSame((float)Halves[i], target[i], i);
        Assert.Equal([0f, 0f, 0f], target[^3..]);
    }

    [Fact]
    public void BytesAndFloat8AtEveryWidth()
    {
        fixed (sbyte* bytes = Bytes)
        fixed (Float8E4M3* floats = Float8s)
        {
            for (var i = 0; i < 256; i++)
            {
                AssertSame(Bytes[i], Simd.Load<Vector128<float>>(bytes + (i / 4 * 4))[i % 4], i);
                AssertSame(Bytes[i], Simd.Load<Vector256<float>>(bytes + (i / 8 * 8))[i % 8], i);
                AssertSame(Bytes[i], Simd.Load<Vector512<float>>(bytes + (i / 16 * 16))[i % 16], i);
                AssertSame(Float8s[i], Simd.Load<Vector128<float>>(floats + (i / 4 * 4))[i % 4], i);
                AssertSame(Float8s[i], Simd.Load<Vector256<float>>(floats + (i / 8 * 8))[i % 8], i);
                AssertSame(Float8s[i], Simd.Load<Vector512<float>>(floats + (i / 16 * 16))[i % 16], i);
            }
        }
    }

    [Fact]
    public void FourVectorsOfFloat8AtEveryWidth()
    {
        fixed (Float8E4M3* source = Float8s)
        {
            for (var i = 0; i < 256; i += 16)
            {
                Simd.LoadFour(source + i, out Vector128<float> a, out var b, out var c, out var d);
                for (var lane = 0; lane < 16; lane++) AssertSame(Float8s[i + lane], ((lane / 4) switch { 0 => a, 1 => b, 2 => c, _ => d })[lane % 4], i + lane);
            }

            for (var i = 0; i < 256; i += 32)
            {
                Simd.LoadFour(source + i, out Vector256<float> a, out var b, out var c, out var d);
                for (var lane = 0; lane < 32; lane++) AssertSame(Float8s[i + lane], ((lane / 8) switch { 0 => a, 1 => b, 2 => c, _ => d })[lane % 8], i + lane);
            }

            for (var i = 0; i < 256; i += 64)
            {
                Simd.LoadFour(source + i, out Vector512<float> a, out var b, out var c, out var d);
                for (var lane = 0; lane < 64; lane++) AssertSame(Float8s[i + lane], ((lane / 16) switch { 0 => a, 1 => b, 2 => c, _ => d })[lane % 16], i + lane);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(200)]
    public void DequantizesRunsOfBytesAndNothingBehind(int count)
    {
        var target = new float[count + 1];
        fixed (float* first = target)
        {
            fixed (sbyte* bytes = Bytes) Simd.Dequantize(bytes + 3, first, count, 3f, 0.5f);
            for (var i = 0; i < count; i++) Assert.Equal((Bytes[i + 3] - 3) * 0.5f, target[i]);
            Assert.Equal(0f, target[count]);
            fixed (Float8E4M3* floats = Float8s) Simd.Dequantize(floats + 3, first, count, 0.5f);
            for (var i = 0; i < count; i++) AssertSame((float)Float8s[i + 3] * 0.5f, target[i], i + 3);
            Assert.Equal(0f, target[count]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(15)]
    public void HalvesOfPairsAtEveryWidth(int zero)
    {
        var pairs = Enumerable.Range(0, 256).Select(bits => new Int4Pair((byte)bits)).ToArray();
        fixed (Int4Pair* source = pairs)
        {
            for (var i = 0; i < 256; i++)
            {
                var pairs128 = Simd.LoadPairs<Vector128<int>>(source + (i / 4 * 4));
                var pairs256 = Simd.LoadPairs<Vector256<int>>(source + (i / 8 * 8));
                var pairs512 = Simd.LoadPairs<Vector512<int>>(source + (i / 16 * 16));
                Assert.Equal(pairs[i].Low - zero, Simd.LowHalves(pairs128, Simd.Levels<Vector128<float>>(zero))[i % 4]);
                Assert.Equal(pairs[i].High - zero, Simd.HighHalves(pairs128, Simd.Levels<Vector128<float>>(zero))[i % 4]);
                Assert.Equal(pairs[i].Low - zero, Simd.LowHalves(pairs256, Simd.Levels<Vector256<float>>(zero))[i % 8]);
                Assert.Equal(pairs[i].High - zero, Simd.HighHalves(pairs256, Simd.Levels<Vector256<float>>(zero))[i % 8]);
                Assert.Equal(pairs[i].Low - zero, Simd.LowHalves(pairs512, Simd.Levels<Vector512<float>>(zero))[i % 16]);
                Assert.Equal(pairs[i].High - zero, Simd.HighHalves(pairs512, Simd.Levels<Vector512<float>>(zero))[i % 16]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(45)]
    [InlineData(63)]
    public void DequantizesRunsOfPairsAndNothingBehind(int count)
    {
        var pairs = Enumerable.Range(0, 32).Select(number => new Int4Pair((byte)((number * 37) + 11))).ToArray();
        var target = new float[count + 1];
        fixed (Int4Pair* source = pairs)
        fixed (float* first = target) Simd.Dequantize(source, first, count, 3f, 0.5f);
        for (var i = 0; i < count; i++) Assert.Equal(((i % 2 == 0 ? pairs[i / 2].Low : pairs[i / 2].High) - 3) * 0.5f, target[i]);
        Assert.Equal(0f, target[count]);
    }

    private delegate TVector HalfLoad<TVector>(Half* source);

    private static void AllHalves<TVector>(int lanes, HalfLoad<TVector> load)
        where TVector : unmanaged
    {
        fixed (Half* source = Halves)
        {
            for (var i = 0; i < Halves.Length; i += lanes)
            {
                var vector = load(source + i);
                for (var lane = 0; lane < lanes; lane++) AssertSame((float)Halves[i + lane], ((float*)&vector)[lane], i + lane);
            }
        }
    }

    // NaN equals NaN, and 0 differs from −0.
    private static void AssertSame(float expected, float actual, int pattern) =>
        Assert.True(
            expected.Equals(actual) && (float.IsNaN(expected) || float.IsNegative(expected) == float.IsNegative(actual)), $"pattern {pattern}: {actual}, expected {expected}");
}
