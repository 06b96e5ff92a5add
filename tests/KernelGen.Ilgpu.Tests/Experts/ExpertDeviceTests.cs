using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Experts on ILGPU's devices against the double-precision reference.</summary>
public class ExpertDeviceTests(ITestOutputHelper output)
{
    private static readonly MoeActivation[] Activations =
        [MoeActivation.SiluAndMul, MoeActivation.GeluTanhAndMul, MoeActivation.SwigluOai, MoeActivation.SwigluClamp];

    private static readonly DType[] Types = [DType.Float32, DType.Float16, DType.BFloat16];

    [Fact]
    public void RandomShapesOnTheCpuAccelerator()
    {
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var specs = Enumerable.Range(0, 12).Select(number => Random(random, number)).DistinctBy(spec => spec.DispatchKey).ToArray();
        var kernels = KernelAssembly.CompileForIlgpu([.. specs]);
        foreach (var spec in specs)
        {
            foreach (var tokens in new[] { 0, 1, 3 }) Check(TestDevice.Get(TestDevice.Cpu), kernels, spec, tokens, random);
        }
    }

    [Fact]
    public void DeclaredSlicesOnTheCpuAccelerator()
    {
        var random = new SeededRandom();
        var spec = new FusedMoeSpec(5, 2, 30, 22, MoeActivation.SiluAndMul, DType.BFloat16);
        var kernels = KernelAssembly.CompileForIlgpu(spec, spec with { SplitK = 3 });
        foreach (var slices in new[] { 0, 1, 3 }) Check(TestDevice.Get(TestDevice.Cpu), kernels, spec, 4, random, slices);
    }

    [Fact]
    public void AnyDevicesKernelsOnCuda()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var random = new SeededRandom();
        var specs = Enumerable.Range(0, 12).Select(number => Random(random, number)).DistinctBy(spec => spec.DispatchKey).ToArray();
        var kernels = KernelAssembly.CompileForIlgpu([.. specs]);
        foreach (var spec in specs)
        {
            foreach (var tokens in new[] { 0, 1, 40 }) Check(device, kernels, spec, tokens, random);
        }
    }

    private static void Check(TestDevice device, KernelAssembly kernels, FusedMoeSpec spec, int tokens, SeededRandom random, int splitK = 0)
    {
        if (spec.WeightType == DType.Float32) Check<float>(device, kernels, spec, tokens, random, splitK);
        else if (spec.WeightType == DType.Float16) Check<Half>(device, kernels, spec, tokens, random, splitK);
        else Check<BFloat16>(device, kernels, spec, tokens, random, splitK);
    }

    private static void Check<T>(TestDevice device, KernelAssembly kernels, FusedMoeSpec spec, int tokens, SeededRandom random, int splitK)
        where T : unmanaged
    {
        var form = new ExpertForm { Activation = spec.Activation, ActivationLimit = spec.ActivationLimit };
        var inputs = new ExpertsCase<T>((spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize), tokens, random, leaveSlotsOut: random.Bool(), form: form);
        inputs.CheckOnDevice(new DeviceExperts<T>(device, kernels.Entry<DeviceForward<T>>("Forward"), spec.TopK, splitK).Run);
    }

    // Sizes that no tensor-core tile divides.
    private static FusedMoeSpec Random(SeededRandom random, int number)
    {
        var experts = random.Int(1, 12);
        var activation = random.Pick(Activations);
        return new FusedMoeSpec(
            experts, random.Int(1, Math.Min(experts, 4)), random.Int(1, 70), random.Int(1, 50), activation, Types[number % Types.Length], SplitK: 1)
        {
            ActivationLimit = activation == MoeActivation.SwigluClamp ? 1.5f : 0f,
        };
    }
}
