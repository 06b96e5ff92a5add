using ILGPU;
using ILGPU.Runtime;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>w8a8 on the tensor cores of a CUDA device, against double precision from the same stored weights and equally rounded inputs.</summary>
public class ByteExpertTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void EveryShapeOnCuda(DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var random = Seeded(type, inputs);
        (int Experts, int TopK, int Hidden, int Intermediate)[] shapes =
        [
            (8, 2, 256, 512), (16, 4, 1024, 128), (4, 1, 1152, 1024), // slices of the first product, and of both
            (40, 8, 384, 128), (3, 3, 128, 128), // single groups, experts that are no multiple of anything
            (16, 4, 2048, 256), // one token of 8-bit floats streams
        ];
        for (var number = 0; number < shapes.Length; number++)
        {
            var spec = Spec(shapes[number], random.Pick(Enum.GetValues<MoeActivation>()), type, quantization, inputs) with { Bias = random.Bool(), RouterWeightOnInput = random.Bool() };
            var kernels = KernelAssembly.CompileForIlgpu(spec, spec with { SplitK = 2 });
            foreach (var tokens in number < 3 ? new[] { 1, 17, 90 } : [0, 1, 17, 150]) Check(kernels, spec, tokens, random, 1, 2);
        }
    }

    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void EveryActivationOnCuda(DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var random = Seeded(type, inputs);
        foreach (var activation in Enum.GetValues<MoeActivation>())
        {
            var spec = Spec((4, 2, 128, 256), activation, type, quantization, inputs) with { Bias = random.Bool(), RouterWeightOnInput = random.Bool() };
            var kernels = KernelAssembly.CompileForIlgpu(spec);
            foreach (var tokens in new[] { 1, 60 }) Check(kernels, spec, tokens, random, 1);
        }
    }

    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void ManyTokensOnCuda(DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var random = Seeded(type, inputs);
        var spec = Spec((5, 2, 128, 128), MoeActivation.SiluAndMul, type, quantization, inputs);
        Check(KernelAssembly.CompileForIlgpu(spec), spec, 4096, random, 1);
    }

    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void ATokenThatIsNoNumberSpoilsNoOtherOnCuda(DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var random = Seeded(type, inputs);
        var spec = Spec((2, 1, 256, 128), MoeActivation.SiluAndMul, type, quantization, inputs);
        foreach (var variant in new[] { spec, spec with { HiddenSize = 1024, IntermediateSize = 1024, SplitK = 2 }, spec with { HiddenSize = 1024, IntermediateSize = 256 } })
        {
            var kernels = KernelAssembly.CompileForIlgpu(variant);
            foreach (var tokens in new[] { 3, 40 })
            {
                var result = type == DType.Int8
                    ? new QuantizedCase<sbyte>(variant, tokens, random, spoiltToken: 1).Run(On<sbyte>(kernels, variant, 0))
                    : new QuantizedCase<Float8E4M3>(variant, tokens, random, spoiltToken: 1).Run(On<Float8E4M3>(kernels, variant, 0));
                for (var i = 0; i < result.Length; i++) Assert.True(float.IsNaN(result[i]) == (i / variant.HiddenSize == 1), $"{random.Description}: token {i / variant.HiddenSize} has {result[i]}");
            }
        }
    }

    // ILGPU's CPU accelerator in the form of an NVIDIA device, which has warps of 32.
    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void InputsAreRoundedAsOnTheCpu(DType type, WeightQuantization quantization, ActivationQuantization inputs) => CheckRounding(TestDevice.Get(TestDevice.CpuWithWarps), 3, type, quantization, inputs);

    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void InputsAreRoundedAsOnTheCpuOnCuda(DType type, WeightQuantization quantization, ActivationQuantization inputs) => CheckRounding(TestDevice.Get(TestDevice.Cuda), 700, type, quantization, inputs);

    private void CheckRounding(TestDevice device, int tokens, DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        const float HiddenScale = 0.004f, ActivationScale = 0.007f;
        var random = Seeded(type, inputs);
        var spec = Spec((3, 2, 256, 384), MoeActivation.SiluAndMul, type, quantization, inputs);
        var kernels = (ExpertsKernels<byte>)KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec);
        var rounding = new InputRounding(inputs, type, HiddenScale, ActivationScale);
        var slots = tokens * spec.TopK;
        var (accelerator, stream) = (device.Accelerator, device.Stream);
        var experts = Enumerable.Range(0, slots).Select(_ => random.Int(-1, spec.Experts - 1)).ToArray();
        var sizes = new ExpertsSizes
        {
            HiddenStride = spec.HiddenSize, WeightsStride = spec.TopK, ExpertsStride = spec.TopK, Tokens = tokens, BlockM = 16, HiddenScale = HiddenScale, ActivationScale = ActivationScale,
        };
        var blocks = AlignedSlotsSize.MaxBlocks(slots, spec.Experts, sizes.BlockM);
        using var deviceExperts = accelerator.Allocate1D(experts);
        using var weights = accelerator.Allocate1D<float>(slots);
        using var sorted = accelerator.Allocate1D<int>(blocks * sizes.BlockM);
        using var blockExperts = accelerator.Allocate1D<int>(blocks);
        using var padded = accelerator.Allocate1D<int>(1);
        using var slotWeights = accelerator.Allocate1D<float>(slots);
        using var largest = accelerator.Allocate1D<int>(1);
        var aligned = new AlignedSlots(sorted.View, blockExperts.View, padded.View, slotWeights.View);
        Check(tokens, spec.HiddenSize, HiddenScale, isDown: false);
        Check(slots, spec.IntermediateSize, ActivationScale, isDown: true);

        void Check(int rows, int width, float staticScale, bool isDown)
        {
            // Rows of other sizes, one of them zeros, numbers from subnormal to saturated ones.
            var values = random.Normal(rows * width, type == DType.Int8 ? 1f : 0.3f);
            for (var i = 0; i < values.Length; i++) values[i] *= i / width == 1 ? 0 : MathF.Pow(2, (i * 7 % 12) - (i / width % 5));
            var live = Enumerable.Range(0, rows).Select(row => !isDown || experts[row] >= 0).ToArray();
            var expected = values.Select((value, i) => live[i / width] ? (double)value : 0).ToArray();
            rounding.Round(expected, width, staticScale);
            var scalesOfRow = kernels.Bytes!.ScalesPerRow(width);
            using var source = accelerator.Allocate1D(values);
            using var numbers = accelerator.Allocate1D<byte>(values.Length);
            using var scales = accelerator.Allocate1D<float>(rows * scalesOfRow);
            var rounded = new RoundedInputs(numbers.View, scales.View, largest.View);
            kernels.Portable.Measure(stream, isDown, source.View, deviceExperts.View, largest.View, sizes);
            if (isDown) kernels.Bytes.Round(stream, source.View, deviceExperts.View, rounded, sizes);
            else kernels.Bytes.Prepare(stream, source.View, weights.View, deviceExperts.View, rounded, aligned, sizes);
            stream.Synchronize();
            var (bits, factors) = (numbers.GetAsArray1D(), scales.GetAsArray1D());
            for (var i = 0; i < values.Length; i++)
            {
                if (!live[i / width]) continue;
                var factor = factors[(i / width * scalesOfRow) + (i % width * scalesOfRow / width)];
                Assert.Equal(expected[i], (type == DType.Int8 ? (sbyte)bits[i] : (float)new Float8E4M3(bits[i])) * (double)factor);
            }
        }
    }

    private static FusedMoeSpec Spec(
        (int Experts, int TopK, int Hidden, int Intermediate) shape, MoeActivation activation, DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var spec = new FusedMoeSpec(shape.Experts, shape.TopK, shape.Hidden, shape.Intermediate, activation, type, Quantization: quantization)
        {
            ActivationQuantization = inputs,
            ActivationLimit = activation == MoeActivation.SwigluClamp ? 1.5f : 0f,
        };
        Assert.NotEmpty(FusedMoePtx.Pairs(spec));
        return spec;
    }

    private static void Check(KernelAssembly kernels, FusedMoeSpec spec, int tokens, SeededRandom random, params int[] slices)
    {
        if (spec.WeightType == DType.Int8) Of<sbyte>();
        else Of<Float8E4M3>();

        void Of<T>()
            where T : unmanaged =>
            new QuantizedCase<T>(spec, tokens, random, leaveSlotsOut: random.Bool()) { Sums14Bits = spec.WeightType == DType.Float8E4M3 && TestDevice.Get(TestDevice.Cuda).HasWgmma }.CheckOnTensorCores(spec.ConfigurationName, Array.ConvertAll(slices, number => On<T>(kernels, spec, number)));
    }

    private static ExpertsRunner<T> On<T>(KernelAssembly kernels, FusedMoeSpec spec, int slices)
        where T : unmanaged => new DeviceExperts<T>(TestDevice.Get(TestDevice.Cuda), kernels.Entry<DeviceForward<T>>("Forward"), spec.TopK, slices).Run;

    private SeededRandom Seeded(DType type, ActivationQuantization inputs)
    {
        var random = new SeededRandom(((int)type * 16) + (int)inputs);
        output.WriteLine(random.Description);
        return random;
    }
}
