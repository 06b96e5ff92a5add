using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Product-key routers on ILGPU's devices against the definition, bit by bit, and their gradients: the cases of the CPU's own kernels.</summary>
public class RouterDeviceTests
{
    // What emulated warps can do in a moment: a floor to be found on an axis and among the pairs or not, several candidates a lane.
    private static readonly OmniRouterSpec[] SmallCorners =
    [
        new(1, 1), new(2, 3), new(3, 9), new(12, 128), new(17, 16), new(48, 17), new(64, 16), new(100, 2), new(100, 40), new(128, 128),
    ];

    [Fact]
    public void EveryKindRoutesLikeTheDefinitionOnTheCpuAccelerator() => Check(TestDevice.Cpu, RouterSpecs.Corners, [0, 1, 9], null);

    [Fact]
    public void EveryKindRoutesLikeTheDefinitionInEmulatedWarps() => Check(TestDevice.CpuWithWarps, SmallCorners, [5], KernelForm.Warp);

    [Fact]
    public void TinyOnesRouteLikeTheDefinitionInEmulatedWarps() =>
        Check(TestDevice.CpuWithWarps, [new(2, 1), new(2, 3), new(2, 4), new(3, 8), new(5, 25)], [64], KernelForm.Warp);

    [Theory]
    [InlineData(null)]
    [InlineData("Thread")]
    public void EveryKindRoutesLikeTheDefinitionOnCuda(string? form) =>
        Check(TestDevice.Cuda, [.. RouterSpecs.Corners, .. SmallCorners, new(4096, 128)], [0, 1, 33, 64], form is null ? null : Enum.Parse<KernelForm>(form));

    [Fact]
    public void EveryKindRoutesLikeTheDefinitionOnOpenCl() => Check(TestDevice.OpenCl, [.. RouterSpecs.Corners, .. SmallCorners], [0, 1, 33], null);

    private static void Check(string device, OmniRouterSpec[] corners, int[] tokenCounts, object? form)
    {
        var runner = TestDevice.Get(device);
        var random = new SeededRandom();
        var specs = corners.Concat(Enumerable.Range(0, 4).Select(_ => RouterSpecs.Random(random))).DistinctBy(spec => spec.DispatchKey).ToArray();
        var routers = KernelAssembly.CompileForIlgpu(specs);
        foreach (var spec in specs)
        {
            var router = new DeviceRouter(runner, (OmniRouterKernels)routers.IlgpuKernels(spec), (KernelForm?)form);
            foreach (var tokens in tokenCounts)
            {
                new RouterCase(spec, spec.ExpertsPerAxis > 400 ? Math.Min(tokens, 4) : tokens, random).Check(router.Route, device);
                new RouterGradientCase(spec, tokens, random).Check(router.RouteBackward, device);
            }
        }
    }
}
