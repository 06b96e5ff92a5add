using System.Globalization;
using System.Text.RegularExpressions;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>The text of kernels whose weights become bfloat16 on the way to the tensor cores.</summary>
public partial class ConvertedGemmTests
{
    private static readonly GroupedGemmTile[] Tiles =
    [
        new(TensorCore.Mma, 16, 64, 128, 4, 1, 4, SlicedK: true),
        new(TensorCore.Mma, 16, 64, 64, 4, 1, 2, SplitK: 2, SlicedK: true),
        new(TensorCore.Mma, 32, 64, 64, 6, 1, 4),
        new(TensorCore.Mma, 128, 128, 64, 3, 2, 4, GroupM: 8),
    ];

    private static readonly (DType Type, int GroupSize, bool ZeroPoints)[] Formats =
        [(DType.Float16, 0, false), (DType.Float8E4M3, 0, false), (DType.Float8E4M3, 128, false), (DType.Int8, 0, false), (DType.Int8, 32, true), (DType.Int4, 64, false), (DType.Int4, 128, true)];

    public static TheoryData<ExpertProduct, int, int> Kernels => new(
        from product in new[] { ExpertProduct.GateUp, ExpertProduct.Down }
        from format in Enumerable.Range(0, Formats.Length)
        from tile in Enumerable.Range(0, Tiles.Length)
        select (product, format, tile));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryRegisterAndLabelIsDeclaredOnce(ExpertProduct product, int format, int tile)
    {
        foreach (var activation in Enum.GetValues<MoeActivation>())
        {
            var text = GroupedGemm.Write(Shape(product, format) with { Activation = activation, ActivationLimit = 1.5f, Bias = true, RouterWeightOnInput = true }, Tiles[tile]);
            var declared = PtxText.Declared(text);
            Assert.Equal(declared.Distinct(), declared);
            Assert.Empty(PtxText.Registers(text).Except(declared).Except(["%tid", "%ctaid"]));
            PtxText.AssertLabels(text);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void CopiesOfAStageStayApartAndWithinIt(ExpertProduct product, int format, int tile)
    {
        var shape = Shape(product, format);
        var text = GroupedGemm.Write(shape, Tiles[tile]);
        var stage = text[..text.IndexOf("cp.async.commit_group", StringComparison.Ordinal)];
        var targets = Copy().Matches(stage).Select(match => (To: match.Groups["to"].Value, Offset: int.Parse(match.Groups["offset"].Value, CultureInfo.InvariantCulture))).ToArray();
        Assert.Equal(targets.Distinct(), targets);
        Assert.All(targets, target => Assert.InRange(target.Offset, 0, (GroupedGemm.SharedBytes(shape, Tiles[tile]) - 1024) / Tiles[tile].Stages - 16));

        // As many chunks as the weights have.
        var bits = shape.WeightType switch { DType.Int4 => 4, DType.Float16 => 16, _ => 8 };
        Assert.Equal(Tiles[tile].BlockN * Tiles[tile].BlockK * bits / 8, targets.Count(target => target.To == "%t0") * Tiles[tile].Threads * 16);
    }

    [Fact]
    public void EveryWeightIsMultipliedOnce()
    {
        // Both halves of a step's 16 elements, of 16 columns each; fp16 weights as two numbers.
        foreach (var (format, products) in new[] { (0, 2), (3, 1) })
        {
            var text = GroupedGemm.Write(Shape(ExpertProduct.Down, format), Tiles[2]);
            Assert.Equal(products * (32 / 16) * (16 / 8) * (64 / 16), Regex.Count(text, "mma.sync"));
        }
    }

    [Theory]
    [InlineData(96, 128, "groups of 96 and blocks of 128 do not divide each other")]
    [InlineData(16, 128, "groups of 16 and blocks of 128 do not divide each other")]
    [InlineData(128, 384, "groups of 128 end within a warp's elements")]
    public void GroupsThatDoNotFitAreRefused(int groupSize, int blockK, string problem)
    {
        var shape = Shape(ExpertProduct.Down, 0) with { WeightType = DType.Int8, GroupSize = groupSize };
        var tile = Tiles[1] with { BlockK = blockK, SplitK = 1 };
        Assert.Contains(problem, Assert.Throws<ArgumentException>(() => GroupedGemm.Write(shape, tile)).Message);
    }

    [Fact]
    public void WarpGroupsMultiplyBFloat16Alone()
    {
        var tile = new GroupedGemmTile(TensorCore.Wgmma, 64, 128, 64, 3, 4, 1);
        Assert.Contains("multiplied with mma alone", Assert.Throws<ArgumentException>(() => GroupedGemm.Write(Shape(ExpertProduct.Down, 3), tile)).Message);
    }

    [Theory]
    [InlineData(WeightQuantization.Tensor, DType.Float8E4M3, 0)]
    [InlineData(WeightQuantization.Block128, DType.Float8E4M3, 0)]
    [InlineData(WeightQuantization.Channel, DType.Int8, 0)]
    [InlineData(WeightQuantization.Group, DType.Int4, 32)]
    [InlineData(WeightQuantization.Group, DType.Int4, 128)]
    [InlineData(WeightQuantization.None, DType.Float16, 0)]
    public void EveryFormatHasTilesUpToAnyNumberOfRows(WeightQuantization quantization, DType type, int groupSize)
    {
        foreach (var (hidden, intermediate) in new[] { (4096, 7168), (2048, 768), (7168, 256), (64, 64), (192, 64) })
        {
            var spec = new FusedMoeSpec(8, 2, hidden, intermediate, MoeActivation.SiluAndMul, type, Quantization: quantization, GroupSize: groupSize);
            var pairs = FusedMoePtx.Pairs(spec);
            Assert.Equal(int.MaxValue, pairs[^1].MostRows);
            foreach (var pair in pairs)
            {
                Assert.Equal(pair.GateUp.BlockM, pair.Down.BlockM);
                Assert.InRange(GroupedGemm.SharedBytes(FusedMoePtx.Shape(spec, ExpertProduct.GateUp), pair.GateUp), 1, 99 * 1024);
                Assert.InRange(GroupedGemm.SharedBytes(FusedMoePtx.Shape(spec, ExpertProduct.Down), pair.Down), 1, 99 * 1024);
            }
        }
    }

    private static GroupedGemmShape Shape(ExpertProduct product, int format) =>
        new(product, 8, 1024, 768) { WeightType = Formats[format].Type, GroupSize = Formats[format].GroupSize, ZeroPoints = Formats[format].ZeroPoints };

    [GeneratedRegex(@"cp\.async\.cg\S+ \[(?<to>%t[01])\+(?<offset>\d+)\]")]
    private static partial Regex Copy();
}
