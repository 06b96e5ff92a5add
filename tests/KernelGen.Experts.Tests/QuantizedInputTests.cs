using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>w8a8: kernels that round the inputs of both products, against a double-precision reference that rounds by definition.</summary>
public sealed unsafe class QuantizedInputTests(ITestOutputHelper output)
{
    private static readonly int[] Tokens = [1, 2, 3, 5, 9, 17, 40, 70];

    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void RandomLayersAtEveryWidth(DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var random = new SeededRandom(((int)type * 16) + (int)inputs);
        output.WriteLine(random.Description);
        var specs = Enumerable.Range(0, 8).Select(number => Random(random, number, type, quantization, inputs)).DistinctBy(spec => spec.DispatchKey).ToArray();
        var kernels = KernelAssembly.Compile(specs.ToArray<IKernelSpec>());
        foreach (var spec in specs)
        {
            // One token and few are read as rows, many as panels.
            foreach (var tokens in new[] { 1, random.Pick(Tokens), random.Pick(Tokens) }) QuantizedCase.CheckEveryWidth(spec, kernels, tokens, random, leaveSlotsOut: random.Int(0, 2) == 0);
        }
    }

    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void RowsAndSlicesAndPanelsOfOneLayer(DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var random = new SeededRandom((int)inputs);
        output.WriteLine(random.Description);
        var spec = new FusedMoeSpec(4, 2, 320, 271, MoeActivation.SiluAndMul, type, Quantization: quantization) { ActivationQuantization = inputs };
        var slices = spec with { SplitK = 4 };
        var kernels = KernelAssembly.Compile(spec, slices);
        foreach (var variant in new[] { spec, slices })
        {
            foreach (var tokens in new[] { 1, 2, 4, 6, 20, 33 }) QuantizedCase.CheckEveryWidth(variant, kernels, tokens, random);
        }
    }

    [Theory]
    [InlineData(301, 129)]
    [InlineData(64, 96)]
    [InlineData(1, 1)]
    public void IntegersGiveTheSameBitsOnEveryPath(int hidden, int intermediate)
    {
        var random = new SeededRandom(hidden);
        output.WriteLine(random.Description);
        var spec = new FusedMoeSpec(3, 2, hidden, intermediate, MoeActivation.SiluAndMul, DType.Int8, Quantization: WeightQuantization.Channel)
        {
            ActivationQuantization = ActivationQuantization.DynamicToken,
            Bias = true,
        };
        var slices = spec with { SplitK = Math.Min(3, Math.Min(hidden, intermediate)) };
        var kernels = KernelAssembly.Compile(new[] { spec, slices }.Distinct().ToArray<IKernelSpec>());
        foreach (var tokens in new[] { 1, 6, 70 })
        {
            var inputs = new QuantizedCase<sbyte>(spec, tokens, random);
            var expected = inputs.Run((delegate*<in ExpertsArguments, void>)kernels.Kernel(slices, 256));
            foreach (var bits in CpuRecipe.VectorWidths)
                Assert.Equal(expected, inputs.Run((delegate*<in ExpertsArguments, void>)kernels.Kernel(spec, bits)));
        }
    }

    [Theory]
    [MemberData(nameof(QuantizedCase.RoundedInputs), MemberType = typeof(QuantizedCase))]
    public void ATokenThatIsNoNumberSpoilsNoOther(DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var random = new SeededRandom();
        var spec = new FusedMoeSpec(2, 1, 160, 20, MoeActivation.SiluAndMul, type, Quantization: quantization) { ActivationQuantization = inputs };
        var split = spec with { SplitK = 2 };
        var kernels = KernelAssembly.Compile(spec, split);
        foreach (var variant in new[] { spec, split })
        {
            foreach (var tokens in new[] { 3, 40 })
            {
                var kernel = (delegate*<in ExpertsArguments, void>)kernels.Kernel(variant, 256);
                var result = type == DType.Int8
                    ? new QuantizedCase<sbyte>(variant, tokens, random, spoiltToken: 1).Run(kernel)
                    : new QuantizedCase<Float8E4M3>(variant, tokens, random, spoiltToken: 1).Run(kernel);
                for (var i = 0; i < result.Length; i++) Assert.True(float.IsNaN(result[i]) == (i / 160 == 1), $"{random.Description}: token {i / 160} has {result[i]}");
            }
        }
    }

    [Fact]
    public void WeightsWithoutTheInputScalesOfAKernelAreRejected()
    {
        var dynamic = new FusedMoeSpec(2, 1, 8, 4, MoeActivation.SiluAndMul, DType.Float8E4M3, Quantization: WeightQuantization.Tensor)
        {
            ActivationQuantization = ActivationQuantization.DynamicTensor,
        };
        var fixedBefore = dynamic with { ActivationQuantization = ActivationQuantization.StaticTensor };
        Assert.Contains("have input scales; declare the experts with ActivationQuantization = StaticTensor", Rejected(dynamic, fixedBefore));
        Assert.Contains("have no input scales, but the declaration says ActivationQuantization = StaticTensor", Rejected(fixedBefore, dynamic));

        static string Rejected(FusedMoeSpec kernel, FusedMoeSpec weights) => Assert.Throws<ArgumentException>("expertWeights", () =>
            { new QuantizedCase<Float8E4M3>(weights, 3, new SeededRandom()).Run(KernelAssembly.Compile(kernel).Forward<Float8E4M3>(), splitK: 0); }).Message;
    }

    private static FusedMoeSpec Random(SeededRandom random, int number, DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var experts = random.Int(1, 6);
        int hidden = Width(), intermediate = Width();
        var activation = number < 2 ? MoeActivation.SiluAndMul : random.Pick(Enum.GetValues<MoeActivation>());
        var splitK = number % 3 == 0 ? random.Int(1, Math.Min(Math.Min(hidden, intermediate), 5)) : 1;
        return new FusedMoeSpec(experts, random.Int(1, Math.Min(experts, 3)), hidden, intermediate, activation, type, splitK, Quantization: quantization)
        {
            ActivationQuantization = inputs,
            ActivationLimit = activation == MoeActivation.SwigluClamp ? random.Float(0.1f, 2f) : 0f,
            Bias = random.Bool(),
            RouterWeightOnInput = random.Bool(),
        };

        int Width() => random.Pick(random.Int(1, 40), random.Int(40, 90), 64, random.Int(128, 300));
    }
}
