using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Kernels with every tile that is chosen for sizes of real models, and for small ones, run by <see cref="PtxMachine"/> on few of these tiles.</summary>
public class ChosenTileTests(ITestOutputHelper output)
{
    private static readonly (int Hidden, int Intermediate)[] Sizes = [(4096, 14336), (7168, 2048), (7168, 256), (2048, 768), (2880, 2880), (1152, 1024), (64, 64), (192, 96), (320, 160)];

    private static readonly MoeActivation[] Activations = Enum.GetValues<MoeActivation>();

    private static readonly (DType Type, WeightQuantization Quantization, int GroupSize, bool ZeroPoints, ActivationQuantization Inputs)[] Weights =
    [
        (DType.BFloat16, WeightQuantization.None, 0, false, ActivationQuantization.None),
        (DType.Float16, WeightQuantization.None, 0, false, ActivationQuantization.None),
        (DType.Float8E4M3, WeightQuantization.Channel, 0, false, ActivationQuantization.None),
        (DType.Float8E4M3, WeightQuantization.Block128, 0, false, ActivationQuantization.None),
        (DType.Int8, WeightQuantization.Channel, 0, false, ActivationQuantization.None),
        (DType.Int8, WeightQuantization.Group, 32, true, ActivationQuantization.None),
        (DType.Int4, WeightQuantization.Group, 128, false, ActivationQuantization.None),
        (DType.Int4, WeightQuantization.Group, 32, false, ActivationQuantization.None),
        (DType.Int4, WeightQuantization.Group, 64, true, ActivationQuantization.None),
        (DType.Int4, WeightQuantization.Group, 128, true, ActivationQuantization.None),
        (DType.Float8E4M3, WeightQuantization.Channel, 0, false, ActivationQuantization.DynamicToken),
        (DType.Float8E4M3, WeightQuantization.Block128, 0, false, ActivationQuantization.DynamicGroup128),
        (DType.Int8, WeightQuantization.Channel, 0, false, ActivationQuantization.DynamicToken),
    ];

    public static TheoryData<DType, WeightQuantization, int, bool, ActivationQuantization, ExpertProduct> Formats => new(
        from weights in Weights
        from product in new[] { ExpertProduct.GateUp, ExpertProduct.Down }
        select (weights.Type, weights.Quantization, weights.GroupSize, weights.ZeroPoints, weights.Inputs, product));

    [Theory]
    [MemberData(nameof(Formats))]
    public void SumsAreThoseOfTheDefinition(DType type, WeightQuantization quantization, int groupSize, bool zeroPoints, ActivationQuantization inputs, ExpertProduct product)
    {
        var random = new SeededRandom(((int)type * 512) + (groupSize * 2) + (int)product);
        output.WriteLine(random.Description);
        foreach (var tile in Tiles(product, new(256, 2, 0, 0, MoeActivation.SiluAndMul, type, Quantization: quantization) { GroupSize = groupSize, ZeroPoints = zeroPoints, ActivationQuantization = inputs }))
        {
            var shape = FusedMoePtx.Shape(Spec(tile), product);
            var varied = tile with { SplitK = random.Pick(1, 1, 2, 3), GroupM = random.Pick(tile.GroupM, 2) };
            output.WriteLine($"{shape} {varied.Name}");
            new GroupedGemmCase(shape, varied, random, random.Int(tile.BlockM / 4, tile.BlockM * 3 / 2)).Check();
        }

        // Two blocks of columns, and more stages than the pipeline is deep.
        FusedMoeSpec Spec(GroupedGemmTile tile)
        {
            var activation = random.Pick(Activations);
            var isGated = new GroupedGemmShape(product, 2, 64, 64, activation).IsGated;
            var (columns, reduction) = (2 * tile.BlockN, Math.Max(tile.Stages + random.Int(1, 4), 4) / 2 * 2 * tile.BlockK);
            var (hidden, intermediate) = product == ExpertProduct.Down ? (columns, reduction) : (reduction, isGated ? columns / 2 : columns);
            return new(3, 2, hidden, intermediate, activation, type, Quantization: quantization)
            {
                ActivationLimit = 1.5f, GroupSize = groupSize, ZeroPoints = zeroPoints, ActivationQuantization = inputs, Bias = random.Bool(), RouterWeightOnInput = random.Bool(),
            };
        }
    }

    /// <summary>What is chosen, without slices.</summary>
    private static IEnumerable<GroupedGemmTile> Tiles(ExpertProduct product, FusedMoeSpec spec) => Sizes
        .SelectMany(sizes => new[] { MoeActivation.SiluAndMul, MoeActivation.Silu }.SelectMany(activation =>
            FusedMoePtx.Pairs(spec with { HiddenSize = sizes.Hidden, IntermediateSize = sizes.Intermediate, Activation = activation })))
        .Select(pair => product == ExpertProduct.GateUp ? pair.GateUp : pair.Down)
        .Distinct();
}
