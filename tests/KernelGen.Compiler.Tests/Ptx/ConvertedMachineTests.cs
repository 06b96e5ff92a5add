using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Kernels that convert weights, every chosen tile of <c>mma.sync</c>, run by <see cref="PtxMachine"/>.</summary>
public class ConvertedMachineTests(ITestOutputHelper output)
{
    // The machine is slow, and the tiles of many rows copy weights like those of bytes.
    private const int MostRows = 64;

    public static TheoryData<DType, WeightQuantization, int, bool> Formats => new()
    {
        { DType.Float16, WeightQuantization.None, 0, false },
        { DType.Float8E4M3, WeightQuantization.Channel, 0, false },
        { DType.Float8E4M3, WeightQuantization.Block128, 0, false },
        { DType.Int8, WeightQuantization.Channel, 0, false },
        { DType.Int8, WeightQuantization.Group, 32, true },
        { DType.Int4, WeightQuantization.Group, 128, false },
        { DType.Int4, WeightQuantization.Group, 32, true },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void SumsAreThoseOfTheDefinition(DType type, WeightQuantization quantization, int groupSize, bool zeroPoints)
    {
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        // Reductions as long as the longest turn, and such as no long turn divides.
        foreach (var (hidden, intermediate, product) in new[] { (1024, 64, ExpertProduct.GateUp), (64, 1024, ExpertProduct.Down), (192, 64, ExpertProduct.GateUp) })
        {
            var spec = new FusedMoeSpec(3, 2, hidden, intermediate, random.Pick(MoeActivation.SiluAndMul, MoeActivation.Gelu, MoeActivation.SwigluOai), type, Quantization: quantization)
            {
                GroupSize = groupSize,
                ZeroPoints = zeroPoints,
                Bias = random.Bool(),
                RouterWeightOnInput = random.Bool(),
            };
            foreach (var pair in FusedMoePtx.Pairs(spec).Where(pair => pair.Core == TensorCore.Mma))
            {
                var tile = product == ExpertProduct.GateUp ? pair.GateUp : pair.Down;
                if (tile.BlockM <= MostRows) new GroupedGemmCase(FusedMoePtx.Shape(spec, product), tile, random, tile.BlockM).Check();
            }
        }
    }
}
