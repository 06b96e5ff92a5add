using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Experts of every format on the tensor cores of a CUDA device, against double precision from the same stored weights.</summary>
public class TensorCoreExpertTests(ITestOutputHelper output)
{
    public static TheoryData<DType, WeightQuantization, int, bool> Formats => new()
    {
        { DType.BFloat16, WeightQuantization.None, 0, false },
        { DType.Float16, WeightQuantization.None, 0, false },
        { DType.Float8E4M3, WeightQuantization.Tensor, 0, false },
        { DType.Float8E4M3, WeightQuantization.Channel, 0, false },
        { DType.Float8E4M3, WeightQuantization.Block128, 0, false },
        { DType.Int8, WeightQuantization.Channel, 0, false },
        { DType.Int8, WeightQuantization.Group, 64, false },
        { DType.Int8, WeightQuantization.Group, 32, true },
        { DType.Int4, WeightQuantization.Group, 32, false },
        { DType.Int4, WeightQuantization.Group, 128, false },
        { DType.Int4, WeightQuantization.Group, 64, true },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void EveryShapeOnCuda(DType type, WeightQuantization quantization, int groupSize, bool zeroPoints)
    {
        var random = Seeded();
        (int Experts, int TopK, int Hidden, int Intermediate)[] shapes =
        [
            (8, 2, 256, 512), (16, 4, 1024, 64), (4, 1, 1152, 1024), // slices of the first product, and of both
            (40, 8, 192, 64), (3, 3, 64, 64), // blocks of 64 alone, experts that are no multiple of anything
        ];
        for (var number = 0; number < shapes.Length; number++)
        {
            var spec = Spec(shapes[number], random.Pick(Enum.GetValues<MoeActivation>()), type, quantization, groupSize, zeroPoints) with { Bias = random.Bool(), RouterWeightOnInput = random.Bool() };
            var kernels = KernelAssembly.CompileForIlgpu(spec, spec with { SplitK = 2 });
            foreach (var tokens in number < 3 ? new[] { 1, 17, 90 } : [0, 1, 17, 150]) Check(kernels, spec, tokens, random, 1, 2);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void EveryActivationOnCuda(DType type, WeightQuantization quantization, int groupSize, bool zeroPoints)
    {
        var random = Seeded();
        foreach (var activation in Enum.GetValues<MoeActivation>())
        {
            var spec = Spec((4, 2, 128, 192), activation, type, quantization, groupSize, zeroPoints) with { Bias = random.Bool(), RouterWeightOnInput = random.Bool() };
            var kernels = KernelAssembly.CompileForIlgpu(spec);
            foreach (var tokens in new[] { 1, 60 }) Check(kernels, spec, tokens, random, 1);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void ManyTokensOnCuda(DType type, WeightQuantization quantization, int groupSize, bool zeroPoints)
    {
        var random = Seeded();
        FusedMoeSpec[] specs =
        [
            Spec((5, 2, 128, 64), MoeActivation.SiluAndMul, type, quantization, groupSize, zeroPoints),
            Spec((3, 2, 192, 256), MoeActivation.SwigluOai, type, quantization, groupSize, zeroPoints) with { Bias = true },
        ];
        var kernels = KernelAssembly.CompileForIlgpu(specs);
        foreach (var spec in specs) Check(kernels, spec, 2048, random, 1);
    }

    /// <summary>From one row of an expert to a thousand, with columns for every tile.</summary>
    [Theory]
    [InlineData(300, 8, new[] { 64, 300 })] // so many experts that few rows have persistent kernels
    [InlineData(4, 2, new[] { 40, 60, 150, 400, 2048 })]
    public void AnyNumberOfRowsOnCuda(int experts, int topK, int[] tokens)
    {
        var random = Seeded();
        var spec = Spec((experts, topK, 512, 256), random.Pick(Enum.GetValues<MoeActivation>()), DType.BFloat16, WeightQuantization.None, 0, false) with { Bias = random.Bool(), RouterWeightOnInput = random.Bool() };
        var kernels = KernelAssembly.CompileForIlgpu(spec);
        foreach (var count in tokens) Check(kernels, spec, count, random, 1);
    }

    [Theory]
    [InlineData(DType.BFloat16, WeightQuantization.None)]
    [InlineData(DType.Int8, WeightQuantization.Channel)]
    public void SlicesGiveTheSameBitsOnCuda(DType type, WeightQuantization quantization)
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var random = Seeded();
        var spec = Spec((2, 2, 2048, 2048), MoeActivation.SiluAndMul, type, quantization, 0, false) with { SplitK = 4 };
        var kernels = KernelAssembly.CompileForIlgpu(spec);
        foreach (var tokens in new[] { 3, 200 })
        {
            if (type == DType.Int8) Repeat<sbyte>(tokens, new QuantizedCase<sbyte>(spec, tokens, random).Run);
            else Repeat<BFloat16>(tokens, new ExpertsCase<BFloat16>((spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize), tokens, random).Run);
        }

        void Repeat<T>(int tokens, Func<ExpertsRunner<T>, float[]> run)
            where T : unmanaged
        {
            var results = new float[100][];
            run(new DeviceExperts<T>(device, kernels.Entry<DeviceForward<T>>("Forward"), spec.TopK).RunOften(results));
            Assert.All(results, result => Assert.True(result.AsSpan().SequenceEqual(results[0]), $"{random.Description}: {type}, {tokens} tokens"));
        }
    }

    private static FusedMoeSpec Spec(
        (int Experts, int TopK, int Hidden, int Intermediate) shape, MoeActivation activation, DType type, WeightQuantization quantization, int groupSize, bool zeroPoints)
    {
        var spec = new FusedMoeSpec(
            shape.Experts, shape.TopK, shape.Hidden, shape.Intermediate, activation, type, Quantization: quantization, GroupSize: groupSize, ZeroPoints: zeroPoints)
        {
            ActivationLimit = activation == MoeActivation.SwigluClamp ? 1.5f : 0f,
        };
        Assert.NotEmpty(FusedMoePtx.Pairs(spec));
        return spec;
    }

    private static void Check(KernelAssembly kernels, FusedMoeSpec spec, int tokens, SeededRandom random, params int[] slices)
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        switch (spec.WeightType)
        {
            case DType.Float16: Plain<Half>(); break;
            case DType.BFloat16: Plain<BFloat16>(); break;
            case DType.Float8E4M3: Quantized<Float8E4M3>(); break;
            case DType.Int8: Quantized<sbyte>(); break;
            default: Quantized<Int4Pair>(); break;
        }

        void Plain<T>()
            where T : unmanaged =>
            new ExpertsCase<T>((spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize), tokens, random, leaveSlotsOut: random.Bool(), form: ExpertsCase.Form(spec, random))
                .CheckOnTensorCores(spec.ConfigurationName, On<T>());

        void Quantized<T>()
            where T : unmanaged => new QuantizedCase<T>(spec, tokens, random, leaveSlotsOut: random.Bool()).CheckOnTensorCores(spec.ConfigurationName, On<T>());

        ExpertsRunner<T>[] On<T>()
            where T : unmanaged => Array.ConvertAll(slices, number => (ExpertsRunner<T>)new DeviceExperts<T>(device, kernels.Entry<DeviceForward<T>>("Forward"), spec.TopK, number).Run);
    }

    private SeededRandom Seeded()
    {
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        return random;
    }
}
