using System.Numerics.Tensors;
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
            foreach (var bits in CpuRecipe.VectorWidths)
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
            foreach (var bits in CpuRecipe.VectorWidths)
            {
                foreach (var tokens in Tokens) Check<float>(kernels, spec, bits, tokens, random);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void AForgottenTermIsNoticed(MoeActivation activation)
    {
        var random = new SeededRandom((int)activation);
        var spec = new FusedMoeSpec(2, 2, 200, 72, activation, DType.Float32) { ActivationLimit = activation == MoeActivation.SwigluClamp ? 1f : 0f };
        var kernel = (delegate*<in ExpertsArguments, void>)KernelAssembly.Compile(spec).Kernel(spec, 256);
        var inputs = new ExpertsCase<float>((2, 2, 200, 72), 40, random, form: Form(spec));
        inputs.Check(kernel);
        foreach (var second in new[] { false, true })
        {
            for (var trial = 0; trial < 5; trial++)
            {
                var eight = random.Int(0, (2 * 200 * 72 / 8) - 1);
                var (multiple, _) = inputs.WorstError(inputs.RunWithoutTerm(kernel, second, eight));
                Assert.True(multiple > 1, $"{random.Description}: weight {8 * eight} or so of the {(second ? "second" : "first")} product is not missed: {multiple}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void ExtremeSumsAreClampedAndSaturate(MoeActivation activation)
    {
        var random = new SeededRandom();
        var spec = new FusedMoeSpec(1, 1, 8, 200, activation, DType.Float32) { Bias = true, ActivationLimit = activation == MoeActivation.SwigluClamp ? 7f : 0f };
        var kernel = (delegate*<in ExpertsArguments, void>)KernelAssembly.Compile(spec).Kernel(spec, 256);
        var width = spec.IsGated ? 400 : 200;
        var gateUpBias = Enumerable.Range(0, width).Select(i => (i % 2 == 0 ? 1 : -1) * MathF.Pow(1.05f, i % 200)).ToArray(); // ±1 … ±16,500
        var form = Form(spec) with { GateUpBias = gateUpBias, DownBias = new float[8] };
        var inputs = new ExpertsCase<float>((1, 1, 8, 200), 5, random, form: form);
        var expected = inputs.Expected();
        var largest = expected.Max(Math.Abs);
        foreach (var (value, exact) in inputs.Run(kernel).Zip(expected))
            Assert.True(Math.Abs(value - exact) <= 1e-5 * largest, $"{random.Description}: {activation}: {value}, expected {exact}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TokensWithoutExpertsBecomeZeroRows(int splitK)
    {
        var spec = new FusedMoeSpec(4, 2, 19, 12, MoeActivation.SwigluOai, DType.Float32, splitK) { Bias = true };
        var kernel = (delegate*<in ExpertsArguments, void>)KernelAssembly.Compile(spec).Kernel(spec, 256);
        foreach (var tokens in new[] { 1, 6, 70 })
        {
            var random = new SeededRandom(tokens);
            var none = new ExpertsCase<float>((4, 2, 19, 12), tokens, random, onlyExpert: -1, form: ExpertsCase.Form(spec, random)).Check(kernel);
            Assert.All(none, value => Assert.Equal(0f, value));
            new ExpertsCase<float>((4, 2, 19, 12), tokens, random, leaveSlotsOut: true, form: ExpertsCase.Form(spec, random)).Check(kernel);
        }
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void ATokenThatIsNoNumberSpoilsNoOther(MoeActivation activation)
    {
        var random = new SeededRandom();
        var spec = new FusedMoeSpec(2, 1, 24, 20, activation, DType.Float32) { ActivationLimit = activation == MoeActivation.SwigluClamp ? 1f : 0f };
        var split = spec with { IntermediateSize = 21, SplitK = 2 };
        var kernels = KernelAssembly.Compile(spec, split);
        foreach (var variant in new[] { spec, split })
        {
            foreach (var tokens in new[] { 3, 40 })
            {
                var inputs = new ExpertsCase<float>((2, 1, 24, variant.IntermediateSize), tokens, random, form: Form(variant), spoiltToken: 1);
                var result = inputs.Run((delegate*<in ExpertsArguments, void>)kernels.Kernel(variant, 256));
                for (var i = 0; i < result.Length; i++) Assert.True(float.IsNaN(result[i]) == (i / 24 == 1), $"{random.Description}: token {i / 24} has {result[i]}");
            }
        }
    }

    [Theory]
    [InlineData(7, 3)]
    [InlineData(8, 8)]
    public void RanksWithTheirOwnExpertsAddUpToTheWholeLayer(int experts, int ranks)
    {
        const int topK = 2, hidden = 20, intermediate = 12, tokens = 33;
        var random = new SeededRandom(experts);
        float[] x = random.Normal(tokens * hidden), weights = random.Normal(tokens * topK);
        float[] gateUp = random.Normal(experts * 2 * intermediate * hidden, 0.2f), down = random.Normal(experts * hidden * intermediate, 0.2f);
        int[] ids = [.. Enumerable.Range(0, tokens).SelectMany(_ => random.Permutation(experts)[..topK])];
        var whole = Forward(new ExpertMap(experts, 1, 0));
        var sum = new float[whole.Length];
        for (var rank = 0; rank < ranks; rank++)
        {
            var part = Forward(new ExpertMap(experts, ranks, rank));
            for (var i = 0; i < sum.Length; i++) sum[i] += part[i];
        }

        for (var i = 0; i < sum.Length; i++) Assert.True(Math.Abs(sum[i] - whole[i]) <= 1e-5 + (1e-4 * Math.Abs(whole[i])), $"{random.Description}: {sum[i]}, expected {whole[i]}");

        float[] Forward(ExpertMap map)
        {
            var local = new int[ids.Length];
            map.Map(ids, local);

            // A rank with fewer experts than a token has repeats one: no id leads to the repetition.
            const int matrix = hidden * intermediate;
            var owned = Enumerable.Range(0, Math.Max(map.LocalExperts, topK)).Select(e => map.FirstExpert + Math.Min(e, map.LocalExperts - 1)).ToArray();
            var spec = new FusedMoeSpec(owned.Length, topK, hidden, intermediate, MoeActivation.SiluAndMul, DType.Float32);
            var output = new float[tokens * hidden];
            fixed (float* gateUpStart = gateUp, downStart = down)
            {
                nint first = (nint)gateUpStart, second = (nint)downStart;
                nint[] Addresses(nint start, int matricesOfExpert, int number) => [.. owned.Select(e => start + (((e * matricesOfExpert) + number) * matrix * sizeof(float)))];
                using var expertWeights = ExpertWeights<float>.FromPointers(hidden, intermediate, Addresses(first, 2, 0), Addresses(first, 2, 1), Addresses(second, 1, 0));
                KernelAssembly.Compile(spec).Forward<float>()(
                    new ReadOnlyTensorSpan<float>(x, [tokens, hidden]), expertWeights, new ReadOnlyTensorSpan<float>(weights, [tokens, topK]),
                    new ReadOnlyTensorSpan<int>(local, [tokens, topK]), new TensorSpan<float>(output, [tokens, hidden]));
            }

            return output;
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

    private static void Check<T>(KernelAssembly kernels, FusedMoeSpec spec, int bits, int tokens, SeededRandom random)
        where T : unmanaged
    {
        var kernel = (delegate*<in ExpertsArguments, void>)kernels.Kernel(spec, bits);
        var shape = (spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize);
        new ExpertsCase<T>(shape, tokens, random, leaveSlotsOut: random.Int(0, 3) == 0, form: ExpertsCase.Form(spec, random)).Check(kernel);
    }
}
