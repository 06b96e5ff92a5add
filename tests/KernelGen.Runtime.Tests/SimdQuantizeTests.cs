using System.Runtime.Intrinsics;
using KernelGen.Numerics;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Roundings of activations and exact sums of bytes, at every width.</summary>
public sealed unsafe class SimdQuantizeTests(ITestOutputHelper output)
{
    /// <summary>Every 8-bit float, every tie between two, their neighbours, and what saturates; both signs.</summary>
    private static IEnumerable<float> Edges()
    {
        var numbers = Enumerable.Range(0, 127).Select(bits => (float)new Float8E4M3((byte)bits)).ToArray();
        var ties = numbers.Zip(numbers.Skip(1), (low, high) => (low + high) / 2);
        float[] beyond = [464f, 480f, 1e30f, float.MaxValue, float.PositiveInfinity, float.Epsilon, 1e-30f];
        return numbers.Concat(ties).SelectMany(number => new[] { number, MathF.BitIncrement(number), MathF.BitDecrement(number) })
            .Concat(beyond).SelectMany(number => new[] { number, -number }).Append(float.NaN);
    }

    [Fact]
    public void EveryWidthRoundsToFloat8AsTheTypeDoes()
    {
        foreach (var value in Edges())
        {
            var expected = (float)(Float8E4M3)value;
            AssertSame(expected, Simd.RoundToFloat8(Vector128.Create(value))[3], value);
            AssertSame(expected, Simd.RoundToFloat8(Vector256.Create(value))[7], value);
            AssertSame(expected, Simd.RoundToFloat8(Vector512.Create(value))[15], value);
        }
    }

    [Fact]
    public void EveryWidthRoundsToTheNearestInteger()
    {
        for (var quarter = -512; quarter <= 512; quarter++)
        {
            foreach (var value in new[] { quarter / 4f, MathF.BitIncrement(quarter / 4f), MathF.BitDecrement(quarter / 4f) })
            {
                var expected = (int)MathF.Round(value, MidpointRounding.ToEven);
                Assert.Equal(Vector128.Create(expected), Simd.RoundToInt(Vector128.Create(value)));
                Assert.Equal(Vector256.Create(expected), Simd.RoundToInt(Vector256.Create(value)));
                Assert.Equal(Vector512.Create(expected), Simd.RoundToInt(Vector512.Create(value)));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(17)]
    [InlineData(67)]
    public void RowsOfAnyLengthAndNothingBehind(int count)
    {
        var random = new SeededRandom(count);
        output.WriteLine(random.Description);
        var source = random.Normal(count + 1);
        source[count] = 1e9f;
        var scale = random.Float(0.02f, 0.05f);
        float[] floats = new float[count + 1], inPlace = [.. source];
        var shorts = new short[count + 1];
        fixed (float* x = source, rounded = floats, both = inPlace)
        fixed (short* integers = shorts)
        {
            Assert.Equal(source.Take(count).Max(MathF.Abs), Simd.LargestMagnitude(x, count));
            Simd.RoundToFloat8(x, rounded, count, scale);
            Simd.Quantize(x, integers, count, scale);
            Simd.Quantize(both, (short*)both, count, scale);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal((float)(Float8E4M3)(x[i] / scale) * scale, rounded[i]);
                Assert.Equal((short)MathF.Round(x[i] / scale, MidpointRounding.ToEven), integers[i]);
                Assert.Equal(integers[i], ((short*)both)[i]);
            }

            Assert.Equal((0f, (short)0, 1e9f), (rounded[count], integers[count], both[count]));
        }
    }

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.NaN, 18)]
    [InlineData(float.PositiveInfinity, 3)]
    public void WhatIsNoFiniteNumberIsTheLargest(float special, int place)
    {
        var source = new SeededRandom().Normal(19);
        source[place] = -special;
        fixed (float* x = source) AssertSame(special, Simd.LargestMagnitude(x, 19), special);
    }

    [Fact]
    public void SumsOfProductsAreExactAtEveryWidth()
    {
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var numbers = Enumerable.Range(0, 64).Select(i => i < 8 ? (sbyte)-128 : (sbyte)random.Int(-128, 127)).ToArray();
        var others = Enumerable.Range(0, 32).Select(i => (short)(i < 8 ? -127 : random.Int(-127, 127))).ToArray();
        fixed (sbyte* source = numbers)
        fixed (short* factors = others)
        {
            var (narrow, middle, wide) = (Simd.LoadShorts<Vector128<short>>(source), Simd.LoadShorts<Vector256<short>>(source), Simd.LoadShorts<Vector512<short>>(source));
            var (sum128, sum256, sum512) = (
                Simd.MultiplyAddPairs(narrow, Vector128.Load(factors), Vector128.Create(7)), Simd.MultiplyAddPairs(middle, Vector256.Load(factors), Vector256.Create(7)),
                Simd.MultiplyAddPairs(wide, Vector512.Load(factors), Vector512.Create(7)));
            for (var pair = 0; pair < 16; pair++)
            {
                var expected = 7 + (numbers[2 * pair] * others[2 * pair]) + (numbers[(2 * pair) + 1] * others[(2 * pair) + 1]);
                if (pair < 4) Assert.Equal(expected, sum128[pair]);
                if (pair < 8) Assert.Equal(expected, sum256[pair]);
                Assert.Equal(expected, sum512[pair]);
            }

            var widened = new short[46];
            fixed (short* target = widened) Simd.Widen(source + 3, target, 45);
            for (var i = 0; i < 45; i++) Assert.Equal(numbers[i + 3], widened[i]);
            Assert.Equal(0, widened[45]);
        }
    }

    // NaN equals NaN, and 0 differs from −0.
    private static void AssertSame(float expected, float actual, float input) => Assert.True(
        expected.Equals(actual) && (float.IsNaN(expected) || float.IsNegative(expected) == float.IsNegative(actual)), $"{input}: {actual}, expected {expected}");
}
