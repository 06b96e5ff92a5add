using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Kernels of any tile that a tuning file may name, against the double-precision reference.</summary>
public sealed unsafe class TunedTileTests(ITestOutputHelper output)
{
    private static readonly int[] Tokens = [1, 2, 4, 7, 9, 17, 40, 130];

    [Fact]
    public void RandomTilesOfRandomShapes()
    {
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        for (var number = 0; number < 7; number++)
        {
            var spec = new FusedMoeSpec(
                random.Int(1, 6), 1, random.Pick(random.Int(1, 40), 200, 1100), random.Pick(random.Int(1, 40), 72, 300),
                random.Pick(MoeActivation.SiluAndMul, MoeActivation.Relu2), random.Pick(DType.Float32, DType.BFloat16), SplitK: number % 6 == 0 ? 2 : 1) { Tile = Random(random) };
            if (spec.Validate().Count > 0) continue; // more slices than elements
            if (spec.WeightType == DType.Float32) Check<float>(spec, random);
            else Check<BFloat16>(spec, random);
        }
    }

    [Theory]
    [InlineData(DType.Float8E4M3, WeightQuantization.Block128, ActivationQuantization.None)]
    [InlineData(DType.Int8, WeightQuantization.Channel, ActivationQuantization.DynamicToken)]
    [InlineData(DType.Int4, WeightQuantization.Group, ActivationQuantization.None)]
    public void RandomTilesOfQuantizedWeights(DType type, WeightQuantization quantization, ActivationQuantization inputs)
    {
        var random = new SeededRandom((int)type);
        output.WriteLine(random.Description);
        for (var number = 0; number < 2; number++)
        {
            var spec = new FusedMoeSpec(
                3, 2, 2 * random.Int(20, 400), 2 * random.Int(20, 150), MoeActivation.SiluAndMul, type, Quantization: quantization,
                GroupSize: quantization == WeightQuantization.Group ? 64 : 0) { ActivationQuantization = inputs, Tile = Random(random) };
            var kernels = KernelAssembly.Compile(spec);
            foreach (var tokens in new[] { 1, random.Pick(Tokens), random.Pick(Tokens) }) QuantizedCase.CheckEveryWidth(spec, kernels, tokens, random);
        }
    }

    [Fact]
    public void ATileIsInTheNameAndOfTheWidthThatItIsFor()
    {
        var spec = new FusedMoeSpec(4, 2, 64, 48, MoeActivation.SiluAndMul, DType.Float32) { Tile = new CpuTile(256, 1, 2, 256, new(8, 32), new(4, 64)) };
        Assert.Equal("fusedmoe_silu_e4_k2_h64_i48_f32_cpu_v256m8r2d256n32t8n64t4", spec.VariantName);
        Assert.Equal([128, 256], spec.Family.VectorWidths(spec));
        Assert.Equal("fusedmoe_silu_e4_k2_h64_i48_f32_cpu", (spec with { Tile = null }).VariantName);
    }

    private static CpuTile Random(SeededRandom random)
    {
        while (true)
        {
            var rows = 2 * random.Int(1, 8);
            var tile = new CpuTile(
                random.Pick(CpuRecipe.VectorWidths.ToArray()), random.Int(1, 4), random.Int(1, CpuTile.MaxRowTokens), 64 * random.Int(1, 16),
                new CpuProductTile(rows, 8 * random.Int(1, 24)), new CpuProductTile(random.Pick(rows, 2 * random.Int(1, 8)), 8 * random.Int(1, 24)));
            if (tile.Problem() is null) return tile;
        }
    }

    private void Check<T>(FusedMoeSpec spec, SeededRandom random)
        where T : unmanaged
    {
        output.WriteLine(spec.VariantName);
        var kernels = KernelAssembly.Compile(spec);
        foreach (var bits in spec.Family.VectorWidths(spec))
        {
            var kernel = (delegate*<in ExpertsArguments, void>)kernels.Kernel(spec, bits);
            foreach (var tokens in Tokens)
            {
                new ExpertsCase<T>(
                    (spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize), tokens, random, form: new ExpertForm(spec.Activation)).Check(kernel);
            }
        }
    }
}
