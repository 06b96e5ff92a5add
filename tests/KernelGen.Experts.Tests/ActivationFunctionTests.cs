using System.Runtime.Intrinsics;
using KernelGen.Benchmarking;
using KernelGen.Numerics;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>The vector functions that activations are made of, at every width.</summary>
public class ActivationFunctionTests
{
    private const double Ulp = 1.1920929e-7;

    [Fact]
    public void ErfIsWithinTwoUlp()
    {
        for (var x = -6f; x < 6f; x += 0.000371f) Check(x, EachErf(x), ReferenceActivation.Erf(x), 2);
        foreach (var x in new[] { 1e-30f, -1e-30f, 1e-4f, 0.99999994f, 1f, -1f, 3.9f, 4f, 4.0000005f }) Check(x, EachErf(x), ReferenceActivation.Erf(x), 2);
    }

    [Fact]
    public void GelusAreWithinTheirBounds()
    {
        var erf = new ExpertForm(MoeActivation.GeluAndMul);
        var tanh = new ExpertForm(MoeActivation.GeluTanhAndMul);
        for (var x = -12f; x < 12f; x += 0.000371f)
        {
            Assert.All(EachGelu(x), value => Assert.True(Math.Abs(value - erf.Activate(x, 1)) <= 3e-7 * Math.Abs(x), $"gelu {x}: {value}"));
            Assert.All(EachGeluTanh(x), value => Assert.True(Math.Abs(value - tanh.Activate(x, 1)) <= 3e-7 * Math.Abs(x), $"gelu tanh {x}: {value}"));
        }
    }

    [Fact]
    public void TheEndsOfTheLineAreExact()
    {
        Assert.Equal([1f, 1f, 1f], EachErf(float.PositiveInfinity));
        Assert.Equal([-1f, -1f, -1f], EachErf(float.NegativeInfinity));
        Assert.Equal([float.NaN, float.NaN, float.NaN], EachErf(float.NaN));
        Assert.All(EachErf(-0f), value => Assert.True(value == 0 && float.IsNegative(value)));
        Assert.Equal([1e30f, 1e30f, 1e30f], EachGelu(1e30f));
        Assert.Equal([1e30f, 1e30f, 1e30f], EachGeluTanh(1e30f));
        Assert.Equal([0f, 0f, 0f], EachGelu(-1e30f));
        Assert.Equal([0f, 0f, 0f], EachGeluTanh(-1e30f));
        Assert.Equal([float.NaN, float.NaN, float.NaN], EachGelu(float.NaN));
        Assert.Equal([float.NaN, float.NaN, float.NaN], EachGeluTanh(float.NaN));
    }

    private static float[] EachErf(float x) => [Simd.Erf(Vector128.Create(x))[3], Simd.Erf(Vector256.Create(x))[7], Simd.Erf(Vector512.Create(x))[15]];

    private static float[] EachGelu(float x) => [Simd.Gelu(Vector128.Create(x))[3], Simd.Gelu(Vector256.Create(x))[7], Simd.Gelu(Vector512.Create(x))[15]];

    private static float[] EachGeluTanh(float x) => [Simd.GeluTanh(Vector128.Create(x))[3], Simd.GeluTanh(Vector256.Create(x))[7], Simd.GeluTanh(Vector512.Create(x))[15]];

    private static void Check(float x, float[] actual, double expected, double ulps) =>
        Assert.All(actual, value => Assert.True(Math.Abs(value - expected) <= ulps * Ulp * Math.Abs(expected), $"erf {x}: {value}, expected {expected}"));
}
