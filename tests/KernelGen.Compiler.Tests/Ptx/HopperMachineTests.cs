using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Kernels with <c>wgmma</c>, every tile that is chosen, run by <see cref="PtxMachine"/>.</summary>
public class HopperMachineTests(ITestOutputHelper output)
{
    // Widths that whole tiles of 256, 192, 128 and 64 columns divide; reductions longer and shorter than the copies run ahead.
    public static TheoryData<int, int, int> Sizes => new() { { 768, 128, 1 }, { 576, 192, 1 }, { 384, 128, 1 }, { 320, 64, 1 }, { 1024, 64, 2 }, { 64, 1024, 2 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void SumsAreThoseOfTheDefinition(int hidden, int intermediate, int splitK)
    {
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var spec = new FusedMoeSpec(3, 2, hidden, intermediate, random.Pick(MoeActivation.SiluAndMul, MoeActivation.Gelu, MoeActivation.SwigluOai), DType.BFloat16, splitK)
        {
            Bias = random.Bool(), RouterWeightOnInput = random.Bool(),
        };
        foreach (var pair in FusedMoePtx.Pairs(spec).Where(pair => pair.GateUp.IsSpecialised))
        {
            foreach (var (product, tile) in new[] { (ExpertProduct.GateUp, pair.GateUp), (ExpertProduct.Down, pair.Down) })
            {
                output.WriteLine($"{product} {tile.Name}");
                new GroupedGemmCase(FusedMoePtx.Shape(spec, product), tile, random, tile.BlockM).Check();
            }
        }
    }
}
