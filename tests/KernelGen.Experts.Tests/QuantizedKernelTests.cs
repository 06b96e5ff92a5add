using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Kernels with quantised weights, of random shapes at every vector width, against the double-precision reference.</summary>
public sealed class QuantizedKernelTests(ITestOutputHelper output)
{
    private static readonly int[] Tokens = [1, 2, 3, 5, 9, 17, 40, 70];

    public static TheoryData<DType, WeightQuantization, bool> Formats => new()
    {
        { DType.Float8E4M3, WeightQuantization.Tensor, false },
        { DType.Float8E4M3, WeightQuantization.Channel, false },
        { DType.Float8E4M3, WeightQuantization.Block128, false },
        { DType.Int8, WeightQuantization.Channel, false },
        { DType.Int8, WeightQuantization.Group, false },
        { DType.Int8, WeightQuantization.Group, true },
        { DType.Int4, WeightQuantization.Group, false },
        { DType.Int4, WeightQuantization.Group, true },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void RandomShapesAtEveryWidth(DType type, WeightQuantization quantization, bool zeroPoints)
    {
        var random = new SeededRandom(((int)type * 16) + ((int)quantization * 2) + (zeroPoints ? 1 : 0));
        output.WriteLine(random.Description);
        var specs = Enumerable.Range(0, 6).Select(number => Random(random, number, type, quantization, zeroPoints)).DistinctBy(spec => spec.DispatchKey).ToArray();
        var kernels = KernelAssembly.Compile(specs.ToArray<IKernelSpec>());
        foreach (var spec in specs)
        {
            // One token and few are read as rows, many as panels.
            foreach (var tokens in new[] { 1, random.Pick(Tokens), random.Pick(Tokens) }) QuantizedCase.CheckEveryWidth(spec, kernels, tokens, random);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void OneTokenAndSlicesAndPanelsOfOneLayer(DType type, WeightQuantization quantization, bool zeroPoints)
    {
        var random = new SeededRandom((int)type);
        var groupSize = quantization == WeightQuantization.Group ? 128 : 0;
        var spec = new FusedMoeSpec(
            4, 2, 320, 272, MoeActivation.SiluAndMul, type, Quantization: quantization, GroupSize: groupSize, ZeroPoints: zeroPoints);
        var slices = spec with { SplitK = 4 };
        var kernels = KernelAssembly.Compile(spec, slices);
        foreach (var variant in new[] { spec, slices })
        {
            foreach (var tokens in new[] { 1, 2, 4, 6, 20, 33 }) QuantizedCase.CheckEveryWidth(variant, kernels, tokens, random);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void UngatedExpertsAndBiasesAndRouterWeightsOnInputs(DType type, WeightQuantization quantization, bool zeroPoints)
    {
        var random = new SeededRandom(((int)type * 16) + ((int)quantization * 2) + (zeroPoints ? 1 : 0));
        output.WriteLine(random.Description);
        var specs = new[] { MoeActivation.Relu2, MoeActivation.Gelu, MoeActivation.SwigluOai }
            .Select((activation, number) => Random(random, number, type, quantization, zeroPoints) with { Activation = activation, Bias = number != 1, RouterWeightOnInput = number == 1 })
            .DistinctBy(spec => spec.DispatchKey).ToArray();
        var kernels = KernelAssembly.Compile(specs.ToArray<IKernelSpec>());
        foreach (var spec in specs)
        {
            foreach (var tokens in new[] { 1, random.Pick(Tokens) }) QuantizedCase.CheckEveryWidth(spec, kernels, tokens, random);
        }
    }

    [Theory]
    [InlineData(70, 1)]
    [InlineData(300, 3)]
    [InlineData(256, 1)]
    public void BlocksOfGateAndUpProjectionsThatBeginApart(int intermediate, int splitK)
    {
        var random = new SeededRandom(intermediate);
        output.WriteLine(random.Description);
        var spec = new FusedMoeSpec(2, 1, 140, intermediate, MoeActivation.SiluAndMul, DType.Float8E4M3, splitK, Quantization: WeightQuantization.Block128);
        var kernels = KernelAssembly.Compile(spec);
        foreach (var tokens in new[] { 1, 40 }) QuantizedCase.CheckEveryWidth(spec, kernels, tokens, random, scalesApart: true);
    }

    private static FusedMoeSpec Random(SeededRandom random, int number, DType type, WeightQuantization quantization, bool zeroPoints)
    {
        var experts = random.Int(1, 6);
        var unit = type == DType.Int4 ? 2 : 1;
        int Width() => unit * random.Pick(random.Int(1, 40), random.Int(40, 90), 64, random.Int(128, 300)) / random.Pick(1, unit) / unit * unit;
        int hidden = Math.Max(unit, Width()), intermediate = Math.Max(unit, Width());
        var splitK = number % 3 == 0 ? random.Int(1, Math.Min(Math.Min(hidden, intermediate), 5)) : 1;
        var groupSize = quantization == WeightQuantization.Group ? random.Pick(32, 64, 96, 128) : 0;
        return new FusedMoeSpec(
            experts, random.Int(1, Math.Min(experts, 3)), hidden, intermediate, MoeActivation.SiluAndMul, type, splitK,
            Quantization: quantization, GroupSize: groupSize, ZeroPoints: zeroPoints);
    }
}
