using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Experts of every declared kind on devices of every kind, against the CPU's references.</summary>
public class PortableExpertTests(ITestOutputHelper output)
{
    public static TheoryData<DType, WeightQuantization, bool, ActivationQuantization> Formats => new()
    {
        { DType.Float32, WeightQuantization.None, false, ActivationQuantization.None },
        { DType.Float16, WeightQuantization.None, false, ActivationQuantization.None },
        { DType.BFloat16, WeightQuantization.None, false, ActivationQuantization.None },
        { DType.Float8E4M3, WeightQuantization.Tensor, false, ActivationQuantization.None },
        { DType.Float8E4M3, WeightQuantization.Channel, false, ActivationQuantization.None },
        { DType.Float8E4M3, WeightQuantization.Block128, false, ActivationQuantization.None },
        { DType.Int8, WeightQuantization.Channel, false, ActivationQuantization.None },
        { DType.Int8, WeightQuantization.Group, false, ActivationQuantization.None },
        { DType.Int8, WeightQuantization.Group, true, ActivationQuantization.None },
        { DType.Int4, WeightQuantization.Group, false, ActivationQuantization.None },
        { DType.Int4, WeightQuantization.Group, true, ActivationQuantization.None },
        { DType.Float8E4M3, WeightQuantization.Tensor, false, ActivationQuantization.StaticTensor },
        { DType.Float8E4M3, WeightQuantization.Tensor, false, ActivationQuantization.DynamicTensor },
        { DType.Float8E4M3, WeightQuantization.Channel, false, ActivationQuantization.DynamicToken },
        { DType.Float8E4M3, WeightQuantization.Block128, false, ActivationQuantization.DynamicGroup128 },
        { DType.Int8, WeightQuantization.Channel, false, ActivationQuantization.DynamicToken },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void AsDeclaredAndInTilesOnTheCpuAccelerator(DType type, WeightQuantization quantization, bool zeroPoints, ActivationQuantization inputs)
    {
        var random = Seeded(type, quantization, zeroPoints, inputs);
        var (specs, kernels) = Compile(3, random, type, quantization, zeroPoints, inputs);
        foreach (var spec in specs)
        {
            foreach (var tokens in new[] { 1, random.Int(2, 6) }) Check(TestDevice.Get(TestDevice.Cpu), kernels, spec, tile: null, tokens, random);
        }

        foreach (var (spec, tile) in specs.Zip([ExpertTile.Narrow, ExpertTile.Wide]))
            Check(TestDevice.Get(TestDevice.CpuWithWarps), kernels, spec, tile, tokens: random.Int(3, 9), random);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void EveryTileOnCuda(DType type, WeightQuantization quantization, bool zeroPoints, ActivationQuantization inputs) =>
        EveryTile(TestDevice.Cuda, 4, [1, 9, 150], type, quantization, zeroPoints, inputs);

    [Theory]
    [MemberData(nameof(Formats))]
    public void EveryTileOnOpenCl(DType type, WeightQuantization quantization, bool zeroPoints, ActivationQuantization inputs) =>
        EveryTile(TestDevice.OpenCl, 2, [1, 9], type, quantization, zeroPoints, inputs);

    private void EveryTile(string name, int count, int[] tokenCounts, DType type, WeightQuantization quantization, bool zeroPoints, ActivationQuantization inputs)
    {
        var random = Seeded(type, quantization, zeroPoints, inputs);
        var device = TestDevice.Get(name);
        var (specs, kernels) = Compile(count, random, type, quantization, zeroPoints, inputs);
        foreach (var spec in specs)
        {
            foreach (var tile in Enum.GetValues<ExpertTile>())
            {
                foreach (var tokens in tokenCounts) Check(device, kernels, spec, tile, tokens, random);
            }
        }
    }

    internal static void Check(TestDevice device, KernelAssembly kernels, FusedMoeSpec spec, ExpertTile? tile, int tokens, SeededRandom random)
    {
        switch (spec.WeightType)
        {
            case DType.Float32: Plain<float>(); break;
            case DType.Float16: Plain<Half>(); break;
            case DType.BFloat16: Plain<BFloat16>(); break;
            case DType.Float8E4M3: Quantized<Float8E4M3>(); break;
            case DType.Int8: Quantized<sbyte>(); break;
            default: Quantized<Int4Pair>(); break;
        }

        void Plain<T>()
            where T : unmanaged => new ExpertsCase<T>((spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize), tokens, random, leaveSlotsOut: random.Bool(), form: ExpertsCase.Form(spec, random))
                .CheckOnDevice(On<T>());

        void Quantized<T>()
            where T : unmanaged
        {
            var inputs = new QuantizedCase<T>(spec, tokens, random, leaveSlotsOut: random.Bool()) { Arithmetic = ExpertArithmetic.Device };
            inputs.Compare(inputs.Run(On<T>()), $"{spec.ConfigurationName} on {device.Accelerator.Name}, tile {tile}");
        }

        ExpertsRunner<T> On<T>()
            where T : unmanaged => new DeviceExperts<T>(device, tile is { } cut ? DeviceForwards.Portable<T>(kernels, spec, cut) : kernels.Entry<DeviceForward<T>>("Forward"), spec.TopK).Run;
    }

    private static (FusedMoeSpec[] Specs, KernelAssembly Kernels) Compile(
        int count, SeededRandom random, DType type, WeightQuantization quantization, bool zeroPoints, ActivationQuantization inputs)
    {
        var specs = Enumerable.Range(0, count).Select(number => Random(random, number, type, quantization, zeroPoints, inputs)).DistinctBy(spec => spec.DispatchKey).ToArray();
        return (specs, KernelAssembly.CompileForIlgpu([.. specs]));
    }

    private SeededRandom Seeded(DType type, WeightQuantization quantization, bool zeroPoints, ActivationQuantization inputs)
    {
        var random = new SeededRandom(((int)type * 64) + ((int)quantization * 16) + ((int)inputs * 2) + (zeroPoints ? 1 : 0));
        output.WriteLine(random.Description);
        return random;
    }

    // Rows of whole words and others, groups and blocks that end within a tile, rows that no tile divides.
    private static FusedMoeSpec Random(SeededRandom random, int number, DType type, WeightQuantization quantization, bool zeroPoints, ActivationQuantization inputs)
    {
        var unit = type == DType.Int4 ? 2 : 1;
        var experts = random.Int(1, 6);
        int hidden = Width(), intermediate = Width();
        var activations = Enum.GetValues<MoeActivation>();
        var activation = activations[(number + (int)type + (int)inputs) % activations.Length];
        return new FusedMoeSpec(
            experts, random.Int(1, Math.Min(experts, 3)), hidden, intermediate, activation, type, number % 3 == 0 ? random.Int(1, Math.Min(Math.Min(hidden, intermediate), 5)) : 1,
            Quantization: quantization, GroupSize: quantization == WeightQuantization.Group ? random.Pick(32, 64, 96, 128) : 0, ZeroPoints: zeroPoints)
        {
            ActivationQuantization = inputs,
            ActivationLimit = activation == MoeActivation.SwigluClamp ? random.Float(0.1f, 2f) : 0f,
            Bias = random.Bool(),
            RouterWeightOnInput = random.Bool(),
        };

        int Width() => Math.Max(unit, random.Pick(random.Int(1, 40), random.Int(30, 70), 64, random.Int(128, 150)) / unit * unit);
    }
}
