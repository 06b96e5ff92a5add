using System.Numerics.Tensors;
using ILGPU;
using ILGPU.Runtime;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>The entry points that a user calls: the generated members, mistakes, ids that are nobody's.</summary>
public class OmniCallTests
{
    private const int N = 12;
    private const int K = 5;

    private delegate void RouteOnDevice(
        AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseX> y,
        ArrayView2D<float, Stride2D.DenseX> scores, ArrayView2D<int, Stride2D.DenseX> indices);

    [Fact]
    public void TheGeneratedMemberRoutes()
    {
        var device = TestDevice.Get(TestDevice.Cpu);
        var route = KernelAssembly.CompileForIlgpu(new OmniRouterSpec(N, K)).Entry<RouteOnDevice>("Route");
        new RouterCase(new OmniRouterSpec(N, K), 7, new SeededRandom()).Check(
            (x, y, scores, indices, _) =>
            {
                using var deviceX = new DeviceMatrix<float>(device, x);
                using var deviceY = new DeviceMatrix<float>(device, y);
                using var deviceScores = new DeviceMatrix<float>(device, scores);
                using var deviceIndices = new DeviceMatrix<int>(device, indices);
                route(device.Stream, deviceX.View, deviceY.View, deviceScores.View, deviceIndices.View);
                deviceScores.CopyTo(scores);
                deviceIndices.CopyTo(indices);
            },
            "the generated member");
    }

    [Fact]
    public void ShapesThatWereNotDeclaredNameTheAttribute()
    {
        var route = KernelAssembly.CompileForIlgpu(new OmniRouterSpec(N, K)).Entry<RouteOnDevice>("Route");
        var error = Assert.Throws<KernelVariantNotFoundException>(() => Call(route, [4, N], [4, N], [4, K + 1], [4, K + 1]));
        Assert.Equal($"[OmniRouter(ExpertsPerAxis = {N}, TopK = {K + 1})]", error.MissingDeclaration);
    }

    [Theory]
    [InlineData("y", new[] { 4, N }, new[] { 3, N }, new[] { 4, K }, new[] { 4, K })]
    [InlineData("y", new[] { 4, N }, new[] { 4, N + 1 }, new[] { 4, K }, new[] { 4, K })]
    [InlineData("scores", new[] { 4, N }, new[] { 4, N }, new[] { 3, K }, new[] { 4, K })]
    [InlineData("indices", new[] { 4, N }, new[] { 4, N }, new[] { 4, K }, new[] { 4, K + 1 })]
    public void WrongShapesAreNamed(string argument, int[] x, int[] y, int[] scores, int[] indices)
    {
        var error = Assert.Throws<ArgumentException>(() => Call((s, a, b, c, d) => DeviceOmniRouterCall.Create(s, a, b, c, d), x, y, scores, indices));
        Assert.Equal(argument, error.ParamName);
    }

    [Theory]
    [InlineData(TestDevice.Cpu)]
    [InlineData(TestDevice.Cuda)]
    [InlineData(TestDevice.OpenCl)]
    public void WhatBelongsToNoExpertGoesNowhere(string name)
    {
        var device = TestDevice.Get(name);
        var router = new DeviceRouter(device, (OmniRouterKernels)KernelAssembly.CompileForIlgpu(new OmniRouterSpec(2, 3)).IlgpuKernels(new OmniRouterSpec(2, 3)));
        var (gradX, gradY) = (new float[] { 9, 9 }, new float[] { 9, 9 });
        router.RouteBackward(
            new ReadOnlyTensorSpan<int>([-1, 3, 4], [1, 3], []), new ReadOnlyTensorSpan<float>([1f, 2f, 4f], [1, 3], []),
            new TensorSpan<float>(gradX, [1, 2], []), new TensorSpan<float>(gradY, [1, 2], []));
        Assert.Equal([0f, 2f], gradX);
        Assert.Equal([0f, 2f], gradY);

        var spec = new OmniExpertsSpec(1, 1, 4);
        var neurons = new DeviceNeurons(device, (OmniExpertsKernels)KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec));
        var output = new float[] { 9, 9, 9, 9 };
        float[] ones = [1, 1, 1, 1];
        neurons.Forward(
            new ReadOnlyTensorSpan<float>(ones, [1, 4], []), new ReadOnlyTensorSpan<float>(ones, [1, 4], []), new ReadOnlyTensorSpan<float>(ones, [1, 4], []),
            new ReadOnlyTensorSpan<float>(ones, [1, 1], []), new ReadOnlyTensorSpan<int>([-1], [1, 1], []), new TensorSpan<float>(output, [1, 4], []));
        Assert.Equal([0f, 0f, 0f, 0f], output);
    }

    private static void Call(RouteOnDevice route, int[] x, int[] y, int[] scores, int[] indices)
    {
        var device = TestDevice.Get(TestDevice.Cpu);
        using var deviceX = new DeviceMatrix<float>(device, Matrix<float>(x));
        using var deviceY = new DeviceMatrix<float>(device, Matrix<float>(y));
        using var deviceScores = new DeviceMatrix<float>(device, Matrix<float>(scores));
        using var deviceIndices = new DeviceMatrix<int>(device, Matrix<int>(indices));
        route(device.Stream, deviceX.View, deviceY.View, deviceScores.View, deviceIndices.View);
    }

    private static TensorSpan<T> Matrix<T>(int[] lengths) => new(new T[lengths[0] * lengths[1]], [lengths[0], lengths[1]], []);
}
