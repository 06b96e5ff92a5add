using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Gates of every kind on ILGPU's devices against the double-precision reference: the cases of the CPU's own kernels.</summary>
public class GateDeviceTests
{
    private static readonly int[] TokenCounts = [0, 1, 2, 9];

    [Fact]
    public void EveryKindRoutesLikeTheReferenceOnTheCpuAccelerator() => Check(TestDevice.Cpu, GateSpecs.Corners, null);

    [Fact]
    public void EveryKindRoutesLikeTheReferenceInEmulatedWarps() => Check(
        TestDevice.CpuWithWarps, [.. GateSpecs.Corners.Where(spec => spec.Groups > 1 && spec.Experts <= 256 || spec.Experts is 384 or 512 && spec.RoutedTopK <= 16)], GateForm.Warp);

    [Theory]
    [InlineData(null)]
    [InlineData("Unaligned")]
    [InlineData("Thread")]
    public void EveryKindRoutesLikeTheReferenceOnCuda(string? form) =>
        Check(TestDevice.Cuda, GateSpecs.Corners, form is null ? null : Enum.Parse<GateForm>(form));

    [Fact]
    public void EveryKindRoutesLikeTheReferenceOnOpenCl() => Check(TestDevice.OpenCl, GateSpecs.Corners, null);

    [Fact]
    public void ADeviceWithoutHalvesIsNamedOnOpenCl()
    {
        var runner = TestDevice.Get(TestDevice.OpenCl);
        if (runner.HasHalves) Assert.Skip("the device has halves");
        var spec = new MoeGateSpec(8, 2, GateScoring.Softmax, false, 1, 1, true) { LogitsType = DType.Float16 };
        var gate = new DeviceGate(runner, KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec), form: null);
        var error = Assert.Throws<NotSupportedException>(() => GateInputs.Case(spec, 3, new SeededRandom()).Check(gate, ""));
        Assert.Contains($"{spec.VariantName.Replace("_cpu", "")}", error.Message);
        Assert.Contains(runner.Accelerator.Name, error.Message);
    }

    private static void Check(string device, MoeGateSpec[] corners, object? form)
    {
        var runner = TestDevice.Get(device);
        var random = new SeededRandom();
        var specs = corners.Concat(Enumerable.Range(0, 8).Select(_ => GateSpecs.Random(random)))
            .Where(spec => spec.LogitsType != DType.Float16 || runner.HasHalves).DistinctBy(spec => spec.DispatchKey).ToArray();
        var gates = KernelAssembly.CompileForIlgpu(specs);
        foreach (var spec in specs)
        {
            foreach (var tokens in TokenCounts)
                GateInputs.Case(spec, spec.Experts > 1000 ? tokens / 10 : tokens, random).Check(new DeviceGate(runner, gates.IlgpuKernels(spec), (GateForm?)form), device);
        }
    }
}
