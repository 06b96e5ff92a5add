using System.Runtime.Intrinsics;
using KernelGen.Numerics;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>The vector functions that gates are made of, at every width.</summary>
public unsafe class SimdTests
{
    [Fact]
    public void ExpIsWithinTwoUlp()
    {
        for (var x = -87f; x < 88f; x += 0.00371f) EachWidth(x, v => Simd.Exp(v), v => Simd.Exp(v), v => Simd.Exp(v), Math.Exp(x), 2);
    }

    [Fact]
    public void SigmoidIsWithinThreeUlp()
    {
        for (var x = -87f; x < 88f; x += 0.00371f) EachWidth(x, v => Simd.Sigmoid(v), v => Simd.Sigmoid(v), v => Simd.Sigmoid(v), 1 / (1 + Math.Exp(-(double)x)), 3);
    }

    [Fact]
    public void Log1pIsWithinTwoUlp()
    {
        for (var y = 1e-30f; y <= 1f; y *= 1.00037f) EachWidth(y, v => Simd.Log1p(v), v => Simd.Log1p(v), v => Simd.Log1p(v), Log1p(y), 2);
        for (var y = 0.5f; y <= 1f; y += 1.7e-5f) EachWidth(y, v => Simd.Log1p(v), v => Simd.Log1p(v), v => Simd.Log1p(v), Log1p(y), 2);
    }

    [Fact]
    public void SqrtSoftplusIsWithinFourUlp()
    {
        for (var x = -170f; x < 170f; x += 0.00371f)
        {
            var exact = Math.Sqrt(Math.Max(x, 0) + Log1p(Math.Exp(-Math.Abs((double)x))));
            EachWidth(x, v => Simd.SqrtSoftplus(v), v => Simd.SqrtSoftplus(v), v => Simd.SqrtSoftplus(v), exact, 4);
        }
    }

    [Theory]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(-200f, 0f)]
    [InlineData(0f, 0.83255461f)]
    [InlineData(10000f, 100f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void SqrtSoftplusHasExactEnds(float x, float expected)
    {
        Assert.Equal(Vector128.Create(expected), Simd.SqrtSoftplus(Vector128.Create(x)));
        Assert.Equal(Vector256.Create(expected), Simd.SqrtSoftplus(Vector256.Create(x)));
        Assert.Equal(Vector512.Create(expected), Simd.SqrtSoftplus(Vector512.Create(x)));
    }

    [Theory]
    [InlineData(float.NegativeInfinity, 0f, 0f)]
    [InlineData(-100f, 0f, 0f)]
    [InlineData(0f, 1f, 0.5f)]
    [InlineData(100f, float.PositiveInfinity, 1f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, 1f)]
    [InlineData(float.NaN, float.NaN, float.NaN)]
    public void TheEndsOfTheLineAreExact(float x, float exp, float sigmoid)
    {
        Assert.Equal(Vector128.Create(exp), Simd.Exp(Vector128.Create(x)));
        Assert.Equal(Vector256.Create(exp), Simd.Exp(Vector256.Create(x)));
        Assert.Equal(Vector512.Create(exp), Simd.Exp(Vector512.Create(x)));
        Assert.Equal(Vector128.Create(sigmoid), Simd.Sigmoid(Vector128.Create(x)));
        Assert.Equal(Vector256.Create(sigmoid), Simd.Sigmoid(Vector256.Create(x)));
        Assert.Equal(Vector512.Create(sigmoid), Simd.Sigmoid(Vector512.Create(x)));
    }

    [Fact]
    public void PartialLoadsAndStoresTouchOnlyTheirPart()
    {
        var source = Enumerable.Range(1, 16).Select(i => (float)i).ToArray();
        var to = stackalloc float[20];
        fixed (float* from = source)
        {
            for (var count = 0; count <= 16; count++)
            {
                if (count <= 4)
                {
                    var loaded = Simd.LoadFirst(from, count, Vector128.Create(-1f));
                    Simd.StoreFirst(loaded, Cleared(to), count);
                    Check(source, count, ToArray(loaded), to);
                }

                if (count <= 8)
                {
                    var loaded = Simd.LoadFirst(from, count, Vector256.Create(-1f));
                    Simd.StoreFirst(loaded, Cleared(to), count);
                    Check(source, count, ToArray(loaded), to);
                }

                var widest = Simd.LoadFirst(from, count, Vector512.Create(-1f));
                Simd.StoreFirst(widest, Cleared(to), count);
                Check(source, count, ToArray(widest), to);
            }
        }
    }

    private static float* Cleared(float* memory)
    {
        new Span<float>(memory, 20).Clear();
        return memory;
    }

    private static void Check(float[] source, int count, float[] loaded, float* stored)
    {
        Assert.Equal(source[..count], loaded[..count]);
        Assert.All(loaded[count..], value => Assert.Equal(-1f, value));
        Assert.Equal(source[..count], new ReadOnlySpan<float>(stored, count).ToArray());
        Assert.All(new ReadOnlySpan<float>(stored + count, 20 - count).ToArray(), value => Assert.Equal(0f, value));
    }

    [Fact]
    public void ReductionsFindTheLargest()
    {
        var random = new SeededRandom();
        for (var trial = 0; trial < 100; trial++)
        {
            var values = Enumerable.Range(0, 256).Select(_ => (float)random.Int(-9, 9)).ToArray();
            fixed (float* v = values)
            {
                Assert.Equal(Largest(values, 4), ToArray(Simd.LargestOfEach((Vector128<float>*)v)));
                Assert.Equal(Largest(values, 8), ToArray(Simd.LargestOfEach((Vector256<float>*)v)));
                Assert.Equal(Largest(values, 16), ToArray(Simd.LargestOfEach((Vector512<float>*)v)));
                Assert.Equal(values[..4].Max(), Simd.MaxAcross(Vector128.Load(v)).GetElement(3));
                Assert.Equal(values[..8].Max(), Simd.MaxAcross(Vector256.Load(v)).GetElement(5));
                Assert.Equal(values[..16].Max(), Simd.MaxAcross(Vector512.Load(v)).GetElement(9));
                Assert.Equal(TopTwo(values[..8]), Simd.SumOfTwoLargest(Simd.Larger(Vector128.Load(v), Vector128.Load(v + 4)), Simd.Smaller(Vector128.Load(v), Vector128.Load(v + 4))));
                Assert.Equal(TopTwo(values[..16]), Simd.SumOfTwoLargest(Simd.Larger(Vector256.Load(v), Vector256.Load(v + 8)), Simd.Smaller(Vector256.Load(v), Vector256.Load(v + 8))));
                Assert.Equal(TopTwo(values[..32]), Simd.SumOfTwoLargest(Simd.Larger(Vector512.Load(v), Vector512.Load(v + 16)), Simd.Smaller(Vector512.Load(v), Vector512.Load(v + 16))));
            }
        }
    }

    private static float TopTwo(float[] values) => values.OrderDescending().Take(2).Sum();

    private static float[] Largest(float[] values, int lanes) => values.Chunk(lanes).Take(lanes).Select(v => v.Max()).ToArray();

    private static float[] ToArray<T>(T vector)
        where T : unmanaged => new ReadOnlySpan<float>(&vector, sizeof(T) / sizeof(float)).ToArray();

    // The series where 1 + y loses y's bits.
    private static double Log1p(double y) => y < 1e-5 ? y * (1 - (y * (0.5 - (y / 3)))) : Math.Log(1 + y);

    private static void EachWidth(
        float x,
        Func<Vector128<float>, Vector128<float>> f128,
        Func<Vector256<float>, Vector256<float>> f256,
        Func<Vector512<float>, Vector512<float>> f512,
        double exact,
        int ulps)
    {
        var unit = MathF.BitIncrement((float)exact) - (float)exact;
        float[] results = [f128(Vector128.Create(x)).ToScalar(), f256(Vector256.Create(x)).ToScalar(), f512(Vector512.Create(x)).ToScalar()];
        Assert.All(results, result => Assert.True(Math.Abs(result - exact) <= ulps * (double)unit, $"f({x:R}) is {result:R}, expected {exact:R}"));
    }
}
