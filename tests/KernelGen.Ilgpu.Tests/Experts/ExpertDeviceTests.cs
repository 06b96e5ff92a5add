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
            foreach (var tokens in new[] { 0, 1, 3 }) Check(TestDevice.Get(TestDevice.Cpu), kernels, spec, tokens, random, 1e-5, 1e-4);
        }
    }

    [Fact]
    public void DeclaredSlicesOnTheCpuAccelerator()
    {
        var random = new SeededRandom();
        var spec = new FusedMoeSpec(5, 2, 30, 22, MoeActivation.SiluAndMul, DType.BFloat16);
        var kernels = KernelAssembly.CompileForIlgpu(spec, spec with { SplitK = 3 });
        foreach (var slices in new[] { 0, 1, 3 }) Check(TestDevice.Get(TestDevice.Cpu), kernels, spec, 4, random, 1e-5, 1e-4, slices);
    }

    // Activations, intermediate states and the slots' results are rounded to bf16, 2⁻⁹ of each number at most: seen are 3.4e-3 of the
    // norm. A row or a column in the wrong place is 1.
    [Theory]
    [InlineData(8, 2, 256, 192, MoeActivation.SiluAndMul)]
    [InlineData(16, 4, 512, 64, MoeActivation.GeluTanhAndMul)]
    [InlineData(40, 8, 192, 64, MoeActivation.SwigluOai)] // narrow tiles
    [InlineData(3, 3, 64, 64, MoeActivation.SwigluClamp)]
    [InlineData(2, 1, 1152, 128, MoeActivation.SiluAndMul)] // slices of the first product
    [InlineData(2, 2, 128, 1024, MoeActivation.SwigluOai)] // slices of the second
    public void TensorCoresOnCuda(int experts, int topK, int hidden, int intermediate, MoeActivation activation)
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var form = new ExpertForm { Activation = activation, ActivationLimit = activation == MoeActivation.SwigluClamp ? 1.5f : 0f };
        var spec = new FusedMoeSpec(experts, topK, hidden, intermediate, activation, DType.BFloat16) { ActivationLimit = form.ActivationLimit };
        Assert.NotEmpty(FusedMoePtx.Pairs(spec));
        var forward = KernelAssembly.CompileForIlgpu(spec, spec with { SplitK = 2 }).Entry<DeviceForward<BFloat16>>("Forward");
        foreach (var tokens in new[] { 0, 1, 2, 7, 16, 33, 64, 256, 1000 })
        {
            if (tokens > 300 && hidden * intermediate > 20_000) continue; // the reference is slow
            var inputs = new ExpertsCase<BFloat16>((experts, topK, hidden, intermediate), tokens, random, leaveSlotsOut: random.Bool(), form: form);
            foreach (var slices in new[] { 1, 2 })
            {
                var error = inputs.Error(new DeviceExperts<BFloat16>(device, forward, topK, slices).Run);
                Assert.True(error is { OfNorm: < 8e-3, OfLargest: < 3e-2 }, $"{random.Description}: {spec.VariantName}, {tokens} tokens, {slices} slices: {error}");
            }
        }
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
            foreach (var tokens in new[] { 0, 1, 40 }) Check(device, kernels, spec, tokens, random, 1e-4, 1e-3);
        }
    }

    private static void Check(TestDevice device, KernelAssembly kernels, FusedMoeSpec spec, int tokens, SeededRandom random, double absolute, double relative, int splitK = 0)
    {
        if (spec.WeightType == DType.Float32) Check<float>(device, kernels, spec, tokens, random, absolute, relative, splitK);
        else if (spec.WeightType == DType.Float16) Check<Half>(device, kernels, spec, tokens, random, absolute, relative, splitK);
        else Check<BFloat16>(device, kernels, spec, tokens, random, absolute, relative, splitK);
    }

    private static void Check<T>(TestDevice device, KernelAssembly kernels, FusedMoeSpec spec, int tokens, SeededRandom random, double absolute, double relative, int splitK)
        where T : unmanaged
    {
        var form = new ExpertForm { Activation = spec.Activation, ActivationLimit = spec.ActivationLimit };
        var inputs = new ExpertsCase<T>((spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize), tokens, random, leaveSlotsOut: random.Bool(), form: form);
        inputs.Check(new DeviceExperts<T>(device, kernels.Entry<DeviceForward<T>>("Forward"), spec.TopK, splitK).Run, absolute, relative);
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
