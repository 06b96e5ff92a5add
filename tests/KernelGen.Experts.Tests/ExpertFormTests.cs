using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Activations, biases and the place of the router weight, combined with each other and everything else, against the double-precision reference.</summary>
public sealed unsafe class ExpertFormTests(ITestOutputHelper output)
{
    private static readonly int[] Tokens = [0, 1, 2, 3, 5, 9, 17, 40, 130];

    public static TheoryData<MoeActivation> Activations => [.. Enum.GetValues<MoeActivation>()];

    [Theory]
    [MemberData(nameof(Activations))]
    public void RandomCombinationsAtEveryWidth(MoeActivation activation)
    {
        var random = new SeededRandom((int)activation);
        output.WriteLine(random.Description);
        var specs = Enumerable.Range(0, 4).Select(number => Random(random, activation, sliced: number % 2 == 1)).DistinctBy(spec => spec.DispatchKey).ToArray();
        var kernels = KernelAssembly.Compile(specs.ToArray<IKernelSpec>());
        foreach (var spec in specs)
        {
            foreach (var bits in KernelRecipe.VectorWidths)
            {
                foreach (var tokens in new[] { random.Pick(Tokens), random.Pick(Tokens) })
                {
                    if (spec.WeightType == DType.Float32) Check<float>(kernels, spec, bits, tokens, random);
                    else Check<BFloat16>(kernels, spec, bits, tokens, random);
                }
            }
        }
    }

    [Theory]
    [InlineData(1, MoeActivation.SiluAndMul)]
    [InlineData(1, MoeActivation.Relu2)]
    [InlineData(3, MoeActivation.SiluAndMul)]
    [InlineData(3, MoeActivation.Gelu)]
    public void EveryPathTakesBiasesAndRouterWeights(int splitK, MoeActivation activation)
    {
        var random = new SeededRandom(splitK);
        var biased = new FusedMoeSpec(3, 2, 37, 21, activation, DType.Float32, splitK) { Bias = true };
        var onInput = biased with { IntermediateSize = 22, Bias = false, RouterWeightOnInput = true };
        var both = biased with { IntermediateSize = 23, RouterWeightOnInput = true };
        var kernels = KernelAssembly.Compile(biased, onInput, both);
        foreach (var spec in new[] { biased, onInput, both })
        {
            foreach (var bits in KernelRecipe.VectorWidths)
            {
                foreach (var tokens in Tokens) Check<float>(kernels, spec, bits, tokens, random);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void ExtremeSumsSaturate(MoeActivation activation)
    {
        var random = new SeededRandom();
        var spec = new FusedMoeSpec(1, 1, 8, 200, activation, DType.Float32) { Bias = true, ActivationLimit = activation == MoeActivation.SwigluClamp ? 7f : 0f };
        var kernel = (delegate*<in MoeArguments, void>)KernelAssembly.Compile(spec).Kernel(spec, 256);
        var width = spec.IsGated ? 400 : 200;
        var gateUpBias = Enumerable.Range(0, width).Select(i => (i % 2 == 0 ? 1 : -1) * MathF.Pow(1.05f, i % 200)).ToArray(); // ±1 … ±16,500
        var form = Form(spec) with { GateUpBias = gateUpBias, DownBias = new float[8] };
        var result = new ExpertsCase<float>((1, 1, 8, 200), 5, random, form: form).Run(kernel);
        Assert.All(result, value => Assert.True(float.IsFinite(value), $"{random.Description}: {value}"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TokensWithoutExpertsBecomeZeroRows(int splitK)
    {
        var spec = new FusedMoeSpec(4, 2, 19, 12, MoeActivation.SwigluOai, DType.Float32, splitK) { Bias = true };
        var kernel = (delegate*<in MoeArguments, void>)KernelAssembly.Compile(spec).Kernel(spec, 256);
        foreach (var tokens in new[] { 1, 6, 70 })
        {
            var random = new SeededRandom(tokens);
            var none = new ExpertsCase<float>((4, 2, 19, 12), tokens, random, onlyExpert: -1, form: Biased(spec, random)).Check(kernel);
            Assert.All(none, value => Assert.Equal(0f, value));
            new ExpertsCase<float>((4, 2, 19, 12), tokens, random, leaveSlotsOut: true, form: Biased(spec, random)).Check(kernel);
        }
    }

    [Fact]
    public void WeightsWithOtherPartsThanTheKernelAreRejected()
    {
        var spec = new FusedMoeSpec(2, 1, 8, 4, MoeActivation.SiluAndMul, DType.Float32);
        var gated = new ExpertForm();
        var ungated = new ExpertForm(MoeActivation.Silu);
        var biased = new ExpertForm(GateUpBias: new float[16], DownBias: new float[16]);
        Assert.Contains("have up projections, but the declared activation has none", Rejected(spec with { Activation = MoeActivation.Silu }, gated));
        Assert.Contains("have no up projections", Rejected(spec, ungated));
        Assert.Contains("have biases; declare the experts with Bias = true", Rejected(spec, biased));
        Assert.Contains("have no biases, but the declaration says Bias = true", Rejected(spec with { Bias = true }, gated));

        static string Rejected(FusedMoeSpec spec, ExpertForm form) => Assert.Throws<ArgumentException>("expertWeights", () =>
            { new ExpertsCase<float>((2, 1, 8, 4), 3, new SeededRandom(), form: form).AllocatedBy(KernelAssembly.Compile(spec).Forward<float>(), calls: 1); }).Message;
    }

    private static FusedMoeSpec Random(SeededRandom random, MoeActivation activation, bool sliced)
    {
        var experts = random.Int(1, 12);
        int hidden = random.Pick(random.Int(1, 40), 64, 200), intermediate = random.Pick(random.Int(1, 40), 64, 72);
        var splitK = sliced ? random.Int(1, Math.Min(Math.Min(hidden, intermediate), 5)) : 1;
        return new FusedMoeSpec(experts, random.Int(1, Math.Min(experts, 8)), hidden, intermediate, activation, random.Pick(DType.Float32, DType.BFloat16), splitK)
        {
            ActivationLimit = activation == MoeActivation.SwigluClamp ? random.Float(0.1f, 2f) : 0f,
            Bias = random.Bool(),
            RouterWeightOnInput = random.Bool(),
        };
    }

    private static ExpertForm Form(FusedMoeSpec spec) => new(spec.Activation, spec.ActivationLimit, spec.RouterWeightOnInput);

    private static ExpertForm Biased(FusedMoeSpec spec, SeededRandom random) => Form(spec) with
    {
        GateUpBias = random.Normal(spec.Experts * (spec.IsGated ? 2 : 1) * spec.IntermediateSize),
        DownBias = random.Normal(spec.Experts * spec.HiddenSize),
    };

    private static void Check<T>(KernelAssembly kernels, FusedMoeSpec spec, int bits, int tokens, SeededRandom random)
        where T : unmanaged
    {
        var kernel = (delegate*<in MoeArguments, void>)kernels.Kernel(spec, bits);
        var shape = (spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize);
        new ExpertsCase<T>(shape, tokens, random, leaveSlotsOut: random.Int(0, 3) == 0, form: spec.Bias ? Biased(spec, random) : Form(spec)).Check(kernel);
    }
}
