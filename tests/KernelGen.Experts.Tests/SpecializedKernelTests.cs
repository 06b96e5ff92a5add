using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Specialised kernels of random shapes, at every vector width, against the double-precision reference.</summary>
public sealed unsafe class SpecializedKernelTests(ITestOutputHelper output)
{
    private static readonly int[] Tokens = [0, 1, 2, 3, 5, 9, 17, 40, 130];

    [Fact]
    public void RandomShapesAtEveryWidth()
    {
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var specs = Enumerable.Range(0, 24).Select(number => Random(random, number)).DistinctBy(spec => spec.DispatchKey).ToArray();
        var kernels = KernelAssembly.Compile(specs.ToArray<IKernelSpec>());
        foreach (var spec in specs)
        {
            foreach (var bits in CpuRecipe.VectorWidths)
            {
                var tokens = random.Pick(Tokens);
                if (spec.WeightType == DType.Float32) Check<float>(kernels, spec, bits, tokens, random);
                else if (spec.WeightType == DType.Float16) Check<Half>(kernels, spec, bits, tokens, random);
                else Check<BFloat16>(kernels, spec, bits, tokens, random);
            }
        }
    }

    public static TheoryData<int, int, int, int> EdgeShapes => new()
    {
        { 1, 1, 1, 1 },
        { 1, 1, 2, 3 },
        { 3, 3, 7, 5 }, // k = E, sizes below a vector
        { 2, 1, 1030, 17 }, // longer than a staged block, with a remainder
        { 5, 2, 16, 1040 },
        { 40, 8, 33, 50 }, // E not a multiple of a vector
        { 6, 3, 51, 75 }, // the last item of a Split-K slice steps back into the columns of another
    };

    [Theory]
    [MemberData(nameof(EdgeShapes))]
    public void EdgeShapesAtEveryWidth(int experts, int topK, int hidden, int intermediate)
    {
        var random = new SeededRandom(hidden);
        var spec = new FusedMoeSpec(experts, topK, hidden, intermediate, MoeActivation.SiluAndMul, DType.Float32);
        var split = spec with { SplitK = Math.Min(3, Math.Min(hidden, intermediate)) };
        var specs = new[] { spec, split }.Distinct().ToArray();
        var kernels = KernelAssembly.Compile(specs.ToArray<IKernelSpec>());
        foreach (var variant in specs)
        {
            foreach (var bits in CpuRecipe.VectorWidths)
            {
                foreach (var tokens in Tokens) Check<float>(kernels, variant, bits, tokens, random);
            }
        }
    }

    [Fact]
    public void OneExpertThatTakesEveryTokenAndOthersThatTakeNone()
    {
        var random = new SeededRandom();
        var spec = new FusedMoeSpec(4, 1, 40, 24, MoeActivation.SiluAndMul, DType.BFloat16);
        var kernels = KernelAssembly.Compile(spec);
        foreach (var bits in CpuRecipe.VectorWidths)
        {
            var kernel = (delegate*<in ExpertsArguments, void>)kernels.Kernel(spec, bits);
            new ExpertsCase<BFloat16>((4, 1, 40, 24), 600, random, onlyExpert: 2).Check(kernel);
        }
    }

    [Fact]
    public void TheBitsDoNotDependOnTheNumberOfThreads()
    {
        var random = new SeededRandom();
        var spec = new FusedMoeSpec(8, 2, 256, 128, MoeActivation.SiluAndMul, DType.Float32);
        var split = spec with { SplitK = 4 };
        var kernels = KernelAssembly.Compile(spec, split);
        foreach (var variant in new[] { spec, split })
        {
            foreach (var tokens in new[] { 1, 60 })
            {
                var inputs = new ExpertsCase<float>((8, 2, 256, 128), tokens, random);
                var kernel = (delegate*<in ExpertsArguments, void>)kernels.Kernel(variant, 256);
                var parallel = inputs.Run(kernel);
                var threads = CpuWorkers.MaxThreads;
                CpuWorkers.MaxThreads = 1;
                try
                {
                    Assert.Equal(inputs.Run(kernel), parallel);
                }
                finally
                {
                    CpuWorkers.MaxThreads = threads;
                }
            }
        }
    }

    [Fact]
    public void ConcurrentCallersDoNotDisturbEachOther()
    {
        var spec = new FusedMoeSpec(6, 2, 64, 48, MoeActivation.SiluAndMul, DType.Float32);
        var kernel = KernelAssembly.Compile(spec).Kernel(spec, 256);
        Parallel.For(0, 64, number =>
            new ExpertsCase<float>((6, 2, 64, 48), 1 + (number % 20), new SeededRandom(number)).Check((delegate*<in ExpertsArguments, void>)kernel));
    }

    [Theory]
    [InlineData(1, 1, 20_000)]
    [InlineData(1, 2, 20_000)]
    [InlineData(30, 1, 100)]
    public void ARepeatedCallAllocatesNothing(int tokens, int splitK, int calls)
    {
        var spec = new FusedMoeSpec(6, 2, 64, 48, MoeActivation.SiluAndMul, DType.Float32, splitK);
        var forward = KernelAssembly.Compile(spec).Forward<float>();
        var inputs = new ExpertsCase<float>((6, 2, 64, 48), tokens, new SeededRandom());
        Assert.Equal(0, inputs.AllocatedBy(forward, calls));
    }

    private static FusedMoeSpec Random(SeededRandom random, int number)
    {
        var experts = random.Int(1, 24);
        var topK = random.Bool() ? random.Int(1, Math.Min(experts, 8)) : Math.Min(experts, 8);
        int hidden = random.Pick(random.Int(1, 40), 64, 96, 200), intermediate = random.Pick(random.Int(1, 40), 64, 72);
        var splitK = number % 3 == 0 ? random.Int(1, Math.Min(Math.Min(hidden, intermediate), 5)) : 1;
        return new FusedMoeSpec(experts, topK, hidden, intermediate, MoeActivation.SiluAndMul, random.Pick(DType.Float32, DType.Float16, DType.BFloat16), splitK);
    }

    private static void Check<T>(KernelAssembly kernels, FusedMoeSpec spec, int bits, int tokens, SeededRandom random)
        where T : unmanaged
    {
        var kernel = (delegate*<in ExpertsArguments, void>)kernels.Kernel(spec, bits);
        new ExpertsCase<T>((spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize), tokens, random, leaveSlotsOut: random.Int(0, 3) == 0).Check(kernel);
    }
}
