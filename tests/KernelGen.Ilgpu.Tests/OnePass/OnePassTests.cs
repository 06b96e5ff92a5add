using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>
/// Every kernel on a GPU once, in every form, at sizes that NVIDIA's checker can follow:
/// <c>compute-sanitizer --tool memcheck KernelGen.Ilgpu.Tests --filter-trait OnePass=true</c>, and the same with racecheck.
/// </summary>
[Trait("OnePass", "true")]
public class OnePassTests
{
    private readonly SeededRandom _random = new(1);

    [Theory]
    [InlineData("Warp")]
    [InlineData("Unaligned")]
    [InlineData("Thread")]
    public void Gates(string form)
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var gates = KernelAssembly.CompileForIlgpu(GatePtxTests.Gates);
        foreach (var spec in GatePtxTests.Gates)
            GateInputs.Case(spec, 5, _random).Check(new DeviceGate(device, gates.IlgpuKernels(spec), Enum.Parse<GateForm>(form)), form);
    }

    [Theory]
    [InlineData("Warp")]
    [InlineData("Thread")]
    public void Routers(string form)
    {
        OmniRouterSpec[] specs = [new(3, 9), new(48, 17), new(64, 16), new(256, 128)];
        var device = TestDevice.Get(TestDevice.Cuda);
        var routers = KernelAssembly.CompileForIlgpu(specs);
        foreach (var spec in specs)
        {
            var router = new DeviceRouter(device, (OmniRouterKernels)routers.IlgpuKernels(spec), Enum.Parse<KernelForm>(form));
            new RouterCase(spec, 5, _random).Check(router.Route, form);
            new RouterGradientCase(spec, 5, _random).Check(router.RouteBackward, form);
        }
    }

    [Theory]
    [InlineData("Group")]
    [InlineData("Unaligned")]
    [InlineData("Thread")]
    public void Neurons(string form)
    {
        OmniExpertsSpec[] specs = [new(7, 5, 31), new(8, 17, 64), new(5, 16, 1036)];
        var device = TestDevice.Get(TestDevice.Cuda);
        var experts = KernelAssembly.CompileForIlgpu(specs);
        foreach (var spec in specs)
        {
            var neurons = new DeviceNeurons(device, (OmniExpertsKernels)experts.IlgpuKernels(spec), Enum.Parse<OmniExpertsForm>(form));
            var inputs = new NeuronCase(spec, 33, _random, dense: form == "Group");
            inputs.CheckForward(neurons.Forward);
            inputs.CheckBackward(neurons.Backward);
        }
    }

    [Theory]
    [MemberData(nameof(PortableExpertTests.Formats), MemberType = typeof(PortableExpertTests))]
    public void PortableExperts(DType type, WeightQuantization quantization, bool zeroPoints, ActivationQuantization inputs)
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var groupSize = quantization == WeightQuantization.Group ? 32 : 0;
        FusedMoeSpec[] specs =
        [
            new(3, 2, 136, 70, MoeActivation.SwigluOai, type, SplitK: 2, Quantization: quantization, GroupSize: groupSize, ZeroPoints: zeroPoints) { ActivationQuantization = inputs, Bias = true },
            new(4, 2, 34, 38, MoeActivation.Relu2, type, Quantization: quantization, GroupSize: groupSize, ZeroPoints: zeroPoints) { ActivationQuantization = inputs, RouterWeightOnInput = true },
        ];
        var kernels = KernelAssembly.CompileForIlgpu([.. specs]);
        foreach (var spec in specs)
        {
            foreach (var tile in Enum.GetValues<ExpertTile>()) PortableExpertTests.Check(device, kernels, spec, tile, tokens: 9, _random);
        }
    }

    // One and several blocks of slots, some of them partly filled; slices of either product; tiles of 192 columns.
    [Theory]
    [InlineData(256, 128, MoeActivation.SiluAndMul, false, false)]
    [InlineData(1152, 64, MoeActivation.GeluTanhAndMul, false, false)]
    [InlineData(64, 1024, MoeActivation.SwigluOai, true, false)]
    [InlineData(192, 192, MoeActivation.GeluAndMul, true, true)]
    [InlineData(1152, 256, MoeActivation.Relu2, false, true)]
    [InlineData(256, 1152, MoeActivation.Gelu, true, false)]
    public void TensorCoreExperts(int hidden, int intermediate, MoeActivation activation, bool bias, bool onInput)
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var spec = new FusedMoeSpec(3, 2, hidden, intermediate, activation, DType.BFloat16) { Bias = bias, RouterWeightOnInput = onInput };
        FusedMoeSpec[] specs = [spec, spec with { SplitK = 2 }];
        var assembly = KernelAssembly.CompileForIlgpu([.. specs]);
        foreach (var slices in specs)
        {
            var kernels = (ExpertsKernels<ushort>)assembly.IlgpuKernels(slices);
            foreach (var pair in kernels.Pairs.Where(pair => !pair.NeedsWgmma || device.HasWgmma))
            {
                foreach (var tokens in new[] { 1, 40 })
                {
                    var inputs = new ExpertsCase<BFloat16>((3, 2, hidden, intermediate), tokens, _random, leaveSlotsOut: tokens > 1, form: ExpertsCase.Form(spec, _random));
                    inputs.CheckOnTensorCores($"{slices.VariantName}, {pair.GateUp.Kernel.Entry}", new DeviceExperts<BFloat16>(device, OnPair<BFloat16, ushort>(kernels, pair), spec.TopK).Run);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(TensorCoreExpertTests.Formats), MemberType = typeof(TensorCoreExpertTests))]
    public void ConvertedExperts(DType type, WeightQuantization quantization, int groupSize, bool zeroPoints)
    {
        switch (type)
        {
            case DType.BFloat16: break; // has its own pass
            case DType.Float16: Plain(); break;
            case DType.Float8E4M3: Quantized<Float8E4M3>(); break;
            case DType.Int8: Quantized<sbyte>(); break;
            default: Quantized<Int4Pair>(); break;
        }

        void Plain() => OnEveryPair<Half, ushort>(Spec(), (spec, tokens, run, _) => new ExpertsCase<Half>(
            (spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize), tokens, _random, leaveSlotsOut: tokens > 1, form: ExpertsCase.Form(spec, _random)).CheckOnTensorCores(spec.VariantName, run));

        void Quantized<T>()
            where T : unmanaged => OnEveryPair<T, byte>(Spec(), (spec, tokens, run, _) => new QuantizedCase<T>(spec, tokens, _random, leaveSlotsOut: tokens > 1).CheckOnTensorCores(spec.VariantName, run));

        // More of the first reduction than all stages hold: each is filled again.
        FusedMoeSpec Spec() => new(3, 2, 1024, 128, MoeActivation.SwigluOai, type, Quantization: quantization, GroupSize: groupSize, ZeroPoints: zeroPoints) { Bias = true };
    }

    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void ByteExperts(DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        // Slices of the first product, whose sums are integers then.
        var spec = new FusedMoeSpec(3, 2, 1024, 256, MoeActivation.SwigluOai, type, Quantization: quantization) { Bias = true, ActivationQuantization = inputs };
        if (type == DType.Int8) OnEveryPair<sbyte, byte>(spec, Check);
        else OnEveryPair<Float8E4M3, byte>(spec, Check);

        void Check<T>(FusedMoeSpec variant, int tokens, ExpertsRunner<T> run, ExpertGemmPair pair)
            where T : unmanaged
        {
            // Fetched weights are those of wgmma.
            var sums14Bits = type == DType.Float8E4M3 && pair.GateUp.Fetched is not null;
            new QuantizedCase<T>(variant, tokens, _random, leaveSlotsOut: tokens > 1) { Sums14Bits = sums14Bits }.CheckOnTensorCores(variant.VariantName, run);
        }
    }

    private static void OnEveryPair<T, TBits>(FusedMoeSpec spec, Action<FusedMoeSpec, int, ExpertsRunner<T>, ExpertGemmPair> check)
        where T : unmanaged
        where TBits : unmanaged
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        FusedMoeSpec[] specs = [spec, spec with { SplitK = 2 }];
        var assembly = KernelAssembly.CompileForIlgpu([.. specs]);
        foreach (var slices in specs)
        {
            var kernels = (ExpertsKernels<TBits>)assembly.IlgpuKernels(slices);
            foreach (var pair in kernels.Pairs)
            {
                foreach (var tokens in new[] { 1, 40 }) check(slices, tokens, new DeviceExperts<T>(device, OnPair<T, TBits>(kernels, pair), spec.TopK).Run, pair);
            }
        }
    }

    private static DeviceForward<T> OnPair<T, TBits>(ExpertsKernels<TBits> kernels, ExpertGemmPair pair)
        where T : unmanaged
        where TBits : unmanaged => (stream, hidden, expertWeights, weights, experts, output, _) =>
            DeviceExpertsCall<T>.Create(stream, hidden, expertWeights, weights, experts, output).RunOnTensorCores(kernels, pair);
}
