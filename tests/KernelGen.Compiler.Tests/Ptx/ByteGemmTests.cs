using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Kernels that multiply bytes with bytes, run by <see cref="PtxMachine"/>, and bfloat16 beside them.</summary>
public class ByteGemmTests(ITestOutputHelper output)
{
    private const int HiddenSize = 512;
    private const int IntermediateSize = 256;
    private const int SharedBytesOfSm86 = 99 * 1024;
    private const int SharedBytesOfSm90 = 227 * 1024;

    private static readonly GroupedGemmTile[] Tiles =
    [
        new(TensorCore.MmaBytes, 16, 64, 256, 3, 1, 4),
        new(TensorCore.MmaBytes, 16, 32, 128, 4, 1, 2, SplitK: 2),
        new(TensorCore.MmaBytes, 64, 128, 128, 3, 2, 4, GroupM: 4),
        new(TensorCore.WgmmaBytes, 128, 128, 128, 3, 8, 1),
        new(TensorCore.WgmmaBytes, 128, 256, 128, 2, 8, 1, GroupM: 2, SplitK: 2, Chained: true),
        new(TensorCore.WgmmaBytes, 128, 256, 128, 2, 4, 1, Cluster: 2),
        new(TensorCore.WgmmaBytes, 128, 256, 128, 3, 8, 1, GroupM: 2),
        new(TensorCore.WgmmaBytes, 256, 64, 128, 3, 8, 1, Cluster: 2, Chained: true),
    ];

    private const int FirstWgmma = 3;

    private static readonly GroupedGemmTile[] StreamedTiles =
    [
        new(TensorCore.Mma, 8, 16, 256, 1, 1, 4, Chained: true, Resident: 2),
        new(TensorCore.Mma, 16, 64, 128, 1, 1, 1, SplitK: 2, Resident: 2),
        new(TensorCore.Mma, 24, 32, 256, 1, 1, 2, GroupM: 2, Resident: 3),
    ];

    private static readonly (DType Type, int GroupSize)[] Formats = [(DType.BFloat16, 0), (DType.Float8E4M3, 0), (DType.Float8E4M3, 128), (DType.Int8, 0)];

    public static TheoryData<ExpertProduct, int, int> Kernels => new(
        from product in new[] { ExpertProduct.GateUp, ExpertProduct.Down }
        from format in Enumerable.Range(0, Formats.Length)
        from tile in Enumerable.Range(0, Tiles.Length)
        select (product, format, tile));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void SumsAreThoseOfTheDefinition(ExpertProduct product, int format, int tile)
    {
        var random = new SeededRandom((format * 8) + tile);
        output.WriteLine(random.Description);
        var shape = Shape(product, format) with { Activation = random.Pick(MoeActivation.SiluAndMul, MoeActivation.Gelu, MoeActivation.SwigluOai), Bias = random.Bool(), RouterWeightOnInput = random.Bool() };
        new GroupedGemmCase(shape, Tile(format, tile), random).Check();
    }

    public static TheoryData<ExpertProduct, int, int> StreamedKernels => new(
        from product in new[] { ExpertProduct.GateUp, ExpertProduct.Down }
        from format in new[] { 1, 2 }
        from tile in Enumerable.Range(0, StreamedTiles.Length)
        select (product, format, tile));

    [Theory]
    [MemberData(nameof(StreamedKernels))]
    public void SumsOfStreamingKernelsToo(ExpertProduct product, int format, int tile)
    {
        var random = new SeededRandom((product == ExpertProduct.Down ? 8 : 0) + (format * 3) + tile);
        output.WriteLine(random.Description);
        var shape = Shape(product, format) with { Activation = random.Pick(MoeActivation.SiluAndMul, MoeActivation.Gelu, MoeActivation.SwigluOai), Bias = random.Bool(), RouterWeightOnInput = random.Bool() };
        PtxText.AssertDeclaredAndUsed(GroupedGemm.Write(shape, StreamedTiles[tile]), "%tid", "%ctaid", "%nctaid");
        new GroupedGemmCase(shape, StreamedTiles[tile], random).Check();
    }

    // Full blocks, and others that begin and are not filled.
    [Theory]
    [InlineData(WeightQuantization.Channel, DType.Float8E4M3, ActivationQuantization.DynamicToken)]
    [InlineData(WeightQuantization.Block128, DType.Float8E4M3, ActivationQuantization.DynamicGroup128)]
    [InlineData(WeightQuantization.Channel, DType.Int8, ActivationQuantization.DynamicToken)]
    public void SoAreThoseOfEveryTileThatIsChosen(WeightQuantization quantization, DType type, ActivationQuantization inputs)
    {
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var spec = new FusedMoeSpec(3, 2, 256, 128, MoeActivation.SiluAndMul, type, Quantization: quantization) { ActivationQuantization = inputs };
        foreach (var pair in FusedMoePtx.Pairs(spec))
        {
            new GroupedGemmCase(FusedMoePtx.Shape(spec, ExpertProduct.GateUp), pair.GateUp, random, pair.GateUp.BlockM).Check();
            new GroupedGemmCase(FusedMoePtx.Shape(spec, ExpertProduct.Down), pair.Down, random, pair.Down.BlockM + 20).Check();
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryRegisterAndLabelIsDeclaredOnce(ExpertProduct product, int format, int tile)
    {
        foreach (var activation in Enum.GetValues<MoeActivation>())
        {
            var text = GroupedGemm.Write(Shape(product, format) with { Activation = activation, ActivationLimit = 1.5f, Bias = true, RouterWeightOnInput = true }, Tile(format, tile));
            PtxText.AssertDeclaredAndUsed(text, tile < FirstWgmma ? ["%tid", "%ctaid"] : Tiles[tile].Cluster > 1 ? ["%tid", "%ctaid", "%nctaid", "%cluster_ctarank"] : ["%tid", "%ctaid", "%nctaid"]);
        }
    }

    [Fact]
    public void TilesOfWholeGroupsRoundTheirOutput()
    {
        var tile = Tiles[FirstWgmma] with { BlockN = 256 };
        Assert.True(GroupedGemm.RoundsOutput(Shape(ExpertProduct.GateUp, 2), tile));
        Assert.True(GroupedGemm.RoundsOutput(Shape(ExpertProduct.GateUp, 2) with { Activation = MoeActivation.Relu2 }, Tiles[FirstWgmma]));
        Assert.False(GroupedGemm.RoundsOutput(Shape(ExpertProduct.GateUp, 2), Tiles[FirstWgmma]));
        Assert.False(GroupedGemm.RoundsOutput(Shape(ExpertProduct.GateUp, 2), tile with { SplitK = 2 }));
        Assert.False(GroupedGemm.RoundsOutput(Shape(ExpertProduct.Down, 2), tile));
        foreach (var format in new[] { 0, 1, 3 }) Assert.False(GroupedGemm.RoundsOutput(Shape(ExpertProduct.GateUp, format), Tile(format, FirstWgmma) with { BlockN = 256 }));
    }

    [Fact]
    public void TheModuleNamesWhatItNeeds()
    {
        Assert.Contains(".version 8.4\n.target sm_89\n", GroupedGemm.Write(Shape(ExpertProduct.Down, 1), Tiles[0]));
        Assert.Contains(".version 8.0\n.target sm_80\n", GroupedGemm.Write(Shape(ExpertProduct.Down, 3), Tiles[0]));
        foreach (var format in new[] { 1, 2, 3 }) Assert.Contains(".version 8.0\n.target sm_90a\n", GroupedGemm.Write(Shape(ExpertProduct.Down, format), Tiles[FirstWgmma]));
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Refused(Shape(ExpertProduct.Down, 0), Tiles[0], "quantised inputs require a tensor-core instruction for bytes");
        Refused(Shape(ExpertProduct.Down, 1), Tiles[0] with { Core = TensorCore.Mma }, "instruction for bytes, and vice versa");
        Refused(Shape(ExpertProduct.Down, 3), StreamedTiles[0], "which is not exact for");
        Refused(Shape(ExpertProduct.Down, 1) with { GroupSize = 64 }, Tiles[0], "groups of 64 are not supported");
        Refused(Shape(ExpertProduct.Down, 3) with { GroupSize = 128 }, Tiles[0], "one row of shared memory, 128 8-bit floats");
        Refused(Shape(ExpertProduct.Down, 1) with { WeightType = DType.Int4 }, Tiles[0], "activations cannot be Int4");
        Refused(Shape(ExpertProduct.Down, 1) with { IntermediateSize = 192 }, Tiles[0], "blocks of 256 do not divide a reduction of 192");
        Refused(Shape(ExpertProduct.Down, 1), Tiles[0] with { BlockK = 64 }, "blocks of 64 do not divide");
        Refused(Shape(ExpertProduct.Down, 0), Tiles[FirstWgmma], "quantised inputs require a tensor-core instruction for bytes");
        Refused(Shape(ExpertProduct.Down, 2) with { ScaledRows = 1 }, Tiles[FirstWgmma], "have no scale in common");
        Refused(Shape(ExpertProduct.Down, 2) with { HiddenSize = 384 }, Tiles[FirstWgmma] with { BlockN = 192 }, "not divided into turns of 64 or 128");
        Refused(Shape(ExpertProduct.Down, 1), Tiles[FirstWgmma] with { BlockK = 256 }, "is not one row of shared memory");

        static void Refused(GroupedGemmShape shape, GroupedGemmTile tile, string problem) =>
            Assert.Contains(problem, Assert.Throws<ArgumentException>(() => GroupedGemm.Write(shape, tile)).Message);
    }

    [Theory]
    [InlineData(WeightQuantization.Tensor, DType.Float8E4M3, ActivationQuantization.StaticTensor)]
    [InlineData(WeightQuantization.Tensor, DType.Float8E4M3, ActivationQuantization.DynamicTensor)]
    [InlineData(WeightQuantization.Channel, DType.Float8E4M3, ActivationQuantization.DynamicToken)]
    [InlineData(WeightQuantization.Block128, DType.Float8E4M3, ActivationQuantization.DynamicGroup128)]
    [InlineData(WeightQuantization.Channel, DType.Int8, ActivationQuantization.DynamicToken)]
    public void EveryFormatHasTilesUpToAnyNumberOfRows(WeightQuantization quantization, DType type, ActivationQuantization inputs)
    {
        foreach (var (hidden, intermediate, splitK) in new[] { (4096, 7168, 1), (2048, 768, 2), (7168, 256, 4), (128, 128, 1), (1152, 384, 1) })
        {
            var spec = new FusedMoeSpec(8, 2, hidden, intermediate, MoeActivation.SiluAndMul, type, splitK, Quantization: quantization) { ActivationQuantization = inputs };
            var sides = FusedMoePtx.Pairs(spec).GroupBy(pair => pair.NeedsWgmma).ToArray();
            Assert.Equal(2, sides.Length);
            foreach (var pairs in sides)
            {
                var maxBytes = pairs.Key ? SharedBytesOfSm90 : SharedBytesOfSm86;
                Assert.Equal(pairs.Select(pair => pair.MaxRows).Order(), pairs.Select(pair => pair.MaxRows));
                Assert.Equal(int.MaxValue, pairs.Last().MaxRows);
                foreach (var pair in pairs)
                {
                    Assert.Equal(pair.GateUp.BlockM, pair.Down.BlockM);
                    Assert.InRange(GroupedGemm.SharedBytes(FusedMoePtx.Shape(spec, ExpertProduct.GateUp), pair.GateUp), 1, maxBytes);
                    Assert.InRange(GroupedGemm.SharedBytes(FusedMoePtx.Shape(spec, ExpertProduct.Down), pair.Down), 1, maxBytes);
                }
            }
        }

        // A row of shared memory is 128 bytes: what is no multiple of that is left to the portable kernels.
        Assert.Empty(FusedMoePtx.Pairs(new FusedMoeSpec(8, 2, 256, 192, MoeActivation.SiluAndMul, type, Quantization: quantization) { ActivationQuantization = inputs }));
    }

    [Theory]
    [InlineData(DType.Float8E4M3, 7168, 256, 16)] // DeepSeek V3, one of eight shards: 16 tiles of 32 columns a slot
    [InlineData(DType.Float8E4M3, 2048, 768, null)] // Qwen3: 48, too many for the slots of one token
    [InlineData(DType.Int8, 7168, 256, null)] // whose sums are exact
    public void FewSlotsOfNarrowExpertsStream(DType type, int hidden, int intermediate, int? maxSlots)
    {
        var spec = new FusedMoeSpec(256, 8, hidden, intermediate, MoeActivation.SiluAndMul, type, Quantization: WeightQuantization.Channel) { ActivationQuantization = ActivationQuantization.DynamicToken };
        var streamed = FusedMoePtx.Pairs(spec).Where(pair => pair.GateUp.IsStreamed).ToArray();
        if (maxSlots is null)
        {
            Assert.Empty(streamed);
            return;
        }

        var only = Assert.Single(streamed);
        Assert.Equal((maxSlots, true, true), (only.MaxSlots, only.NeedsWgmma, only.Down.IsStreamed));
        Assert.Equal(only, FusedMoePtx.Pairs(spec).First(pair => pair.NeedsWgmma)); // is asked first
    }

    private static GroupedGemmShape Shape(ExpertProduct product, int format) => new(product, 2, HiddenSize, IntermediateSize)
    {
        WeightType = Formats[format].Type, GroupSize = Formats[format].GroupSize, ScaledRows = Math.Max(Formats[format].GroupSize, 1), QuantizedInputs = Formats[format].Type != DType.BFloat16,
    };

    // Tiles of bfloat16 have half as many elements of as many bytes.
    private static GroupedGemmTile Tile(int format, int tile) =>
        Formats[format].Type == DType.BFloat16 ? Tiles[tile] with { Core = tile < FirstWgmma ? TensorCore.Mma : TensorCore.Wgmma, BlockK = Tiles[tile].BlockK / 2 } : Tiles[tile];
}
