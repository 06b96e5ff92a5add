using ILGPU;
using ILGPU.Runtime;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Tokens behind the last that is routed.</summary>
public class PaddingTests
{
    private const int Tokens = 5;
    private const int Experts = 16;
    private const int TopK = 2;

    [Theory]
    [InlineData(TestDevice.Cpu)]
    [InlineData(TestDevice.Cuda)]
    [InlineData(TestDevice.OpenCl)]
    public void HaveNoExpertAndNoWeight(string name)
    {
        var device = TestDevice.Get(name);
        var (accelerator, stream) = (device.Accelerator, device.Stream);
        var spec = new MoeGateSpec(Experts, TopK, GateScoring.Softmax, false, 1, 1, true);
        var kernels = (GateKernels<float>)KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec);
        using var logits = accelerator.Allocate2DDenseX(new float[Experts, Tokens]);
        using var weights = accelerator.Allocate2DDenseX<float>(new Index2D(TopK, Tokens));
        using var experts = accelerator.Allocate2DDenseX<int>(new Index2D(TopK, Tokens));
        foreach (var routed in new[] { 0, 3, Tokens, -1 })
        {
            DeviceGateCall<float>.Create(stream, logits, ArrayView<float>.Empty, weights, experts, 1f, routed).Run(kernels);
            stream.Synchronize();
            for (var token = 0; token < Tokens; token++)
            {
                var isRouted = routed < 0 || token < routed;
                for (var rank = 0; rank < TopK; rank++)
                {
                    Assert.Equal(isRouted ? rank : -1, experts.GetAsArray2D()[rank, token]);
                    Assert.Equal(isRouted ? 0.5f : 0f, weights.GetAsArray2D()[rank, token], 1e-6f);
                }
            }
        }
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(Tokens + 1)]
    public void CannotBeMoreThanAllOrFewerThanNone(int routed)
    {
        var device = TestDevice.Get(TestDevice.Cpu);
        using var logits = device.Accelerator.Allocate2DDenseX<float>(new Index2D(Experts, Tokens));
        using var weights = device.Accelerator.Allocate2DDenseX<float>(new Index2D(TopK, Tokens));
        using var experts = device.Accelerator.Allocate2DDenseX<int>(new Index2D(TopK, Tokens));
        var error = Assert.Throws<ArgumentOutOfRangeException>(
            () => DeviceGateCall<float>.Create(device.Stream, logits, ArrayView<float>.Empty, weights, experts, 1f, routed));
        Assert.Equal("nonPaddedTokens", error.ParamName);
    }
}
