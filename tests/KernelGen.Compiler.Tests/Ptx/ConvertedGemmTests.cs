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
        new(TensorCore.Mma, 32, 64, 64, 6, 1, 4),
        new(TensorCore.Mma, 128, 128, 64, 3, 2, 4, GroupM: 8, SplitK: 2),
    ];

    private static readonly GroupedGemmTile[] StreamedTiles =
    [
        new(TensorCore.Mma, 8, 32, 256, 1, 1, 2, Resident: 10),
        new(TensorCore.Mma, 24, 64, 128, 1, 1, 1, SplitK: 2, Resident: 2),
        new(TensorCore.Mma, 16, 32, 128, 1, 1, 4, GroupM: 4, Resident: 3),
        new(TensorCore.Mma, 8, 16, 256, 1, 1, 8, Chained: true, Resident: 3),
    ];

    private static readonly (DType Type, int GroupSize, bool ZeroPoints)[] Formats =
        [(DType.Float16, 0, false), (DType.Float8E4M3, 0, false), (DType.Float8E4M3, 128, false), (DType.Int8, 0, false), (DType.Int8, 32, true), (DType.Int4, 64, false), (DType.Int4, 128, true)];

    public static TheoryData<ExpertProduct, int, int> Kernels => new(
        from product in new[] { ExpertProduct.GateUp, ExpertProduct.Down }
        from format in Enumerable.Range(0, Formats.Length)
        from tile in Enumerable.Range(0, Tiles.Length)
        select (product, format, tile));

    public static TheoryData<ExpertProduct, int, int> StreamedKernels => new(
        from product in new[] { ExpertProduct.GateUp, ExpertProduct.Down }
        from format in Enumerable.Range(0, Formats.Length)
        from tile in Enumerable.Range(0, StreamedTiles.Length)
        select (product, format, tile));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryRegisterAndLabelIsDeclaredOnce(ExpertProduct product, int format, int tile) => CheckNames(product, format, Tiles[tile]);

    [Theory]
    [MemberData(nameof(StreamedKernels))]
    public void EveryRegisterAndLabelOfStreamingKernelsIsDeclaredOnce(ExpertProduct product, int format, int tile) => CheckNames(product, format, StreamedTiles[tile]);

    [Theory]
    [MemberData(nameof(StreamedKernels))]
    public void TurnsLoadEveryWeightOnceIntoRegistersThatHaveBeenRead(ExpertProduct product, int format, int tile)
    {
        var (shape, streamed) = (Shape(product, format), StreamedTiles[tile]);
        var text = GroupedGemm.Write(shape, streamed);
        var turn = text.IndexOf("TURN:", StringComparison.Ordinal);
        var loop = text[turn..text.IndexOf("@!%last bra TURN", StringComparison.Ordinal)];
        var loads = Load().Matches(loop);
        var sources = loads.Select(load => load.Groups["from"].Value).ToArray();
        var registers = loads.SelectMany(load => PtxText.Registers(load.Groups["to"].Value)).ToArray();
        Assert.Equal(sources.Distinct(), sources);
        Assert.Equal(registers.Distinct(), registers);
        var bits = shape.WeightType switch { DType.Int4 => 4, DType.Float16 => 16, _ => 8 };
        Assert.Equal(streamed.BlockN * streamed.BlockK * bits / 32, registers.Length * streamed.Threads);

        // The same loads come before the first turn; within a turn a register is read before it is loaded.
        Assert.Equal(sources, Load().Matches(text[..turn]).Select(load => load.Groups["from"].Value));
        foreach (Match load in loads)
        {
            foreach (var register in PtxText.Registers(load.Groups["to"].Value)) Assert.Matches($@"{register}\b", loop[..load.Index]);
        }
    }

    [Theory]
    [MemberData(nameof(StreamedKernels))]
    public void StreamingKernelsSayHowManyGroupsAMultiprocessorHolds(ExpertProduct product, int format, int tile)
    {
        var text = GroupedGemm.Write(Shape(product, format), StreamedTiles[tile]);
        Assert.Contains($".maxntid {StreamedTiles[tile].Threads}, 1, 1\n.minnctapersm {StreamedTiles[tile].Resident}\n", text);
        Assert.Contains(StreamedTiles[tile].Chained ? ".target sm_90\n" : ".target sm_80\n", text);
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
            var text = GroupedGemm.Write(Shape(ExpertProduct.Down, format), Tiles[0]);
            Assert.Equal(products * (32 / 16) * (16 / 8) * (64 / 16), Regex.Count(text, "mma.sync"));

            // Streamed: 16 columns by eight rows, of which each warp has all but a part of the elements.
            text = GroupedGemm.Write(Shape(ExpertProduct.Down, format), StreamedTiles[1]);
            Assert.Equal(products * (24 / 8) * (64 / 16) * (128 / 16), Regex.Count(text, "mma.sync"));
        }
    }

    [Theory]
    [InlineData(96, 128, "groups of 96 and a warp's 64 elements do not divide each other")]
    [InlineData(16, 128, "groups of 16 and a warp's 64 elements do not divide each other")]
    [InlineData(128, 384, "groups of 128 and a warp's 192 elements do not divide each other")]
    [InlineData(128, 64, null)]
    [InlineData(32, 384, null)]
    public void GroupsThatDoNotFitAreRefused(int groupSize, int blockK, string? problem)
    {
        var shape = Shape(ExpertProduct.Down, 0) with { WeightType = DType.Int8, GroupSize = groupSize };
        Assert.Equal(problem, GroupedGemm.Problem(shape, StreamedTiles[0] with { BlockK = blockK }));
    }

    [Fact]
    public void TilesThatCannotStreamAreRefused()
    {
        Assert.Contains("8x24", Problem(StreamedTiles[0] with { BlockN = 24, BlockM = 8 }));
        Assert.Contains("12x32", Problem(StreamedTiles[0] with { BlockM = 12 }));
        Assert.Contains("do not support stages", Problem(StreamedTiles[0] with { Stages = 3 }));
        Assert.Contains("cannot hold 33 thread blocks", Problem(StreamedTiles[0] with { Resident = 33 }));
        Assert.Contains("3 warps cannot share", Problem(StreamedTiles[0] with { WarpsN = 3 }));
        Assert.Contains("cannot be chained", Problem(Tiles[0] with { Chained = true }));
        Assert.Contains("do not support bfloat16 weights", GroupedGemm.Problem(Shape(ExpertProduct.GateUp, 0) with { WeightType = DType.BFloat16 }, StreamedTiles[0]));

        static string? Problem(GroupedGemmTile tile) => GroupedGemm.Problem(Shape(ExpertProduct.GateUp, 3), tile);
    }

    [Theory]
    [InlineData(WeightQuantization.Tensor, DType.Float8E4M3, 0, false)]
    [InlineData(WeightQuantization.Block128, DType.Float8E4M3, 0, false)]
    [InlineData(WeightQuantization.Channel, DType.Int8, 0, false)]
    [InlineData(WeightQuantization.Group, DType.Int8, 64, true)]
    [InlineData(WeightQuantization.Group, DType.Int4, 32, false)]
    [InlineData(WeightQuantization.Group, DType.Int4, 128, false)]
    [InlineData(WeightQuantization.Group, DType.Int4, 128, true)]
    [InlineData(WeightQuantization.None, DType.Float16, 0, false)]
    public void EveryFormatHasTilesUpToAnyNumberOfRows(WeightQuantization quantization, DType type, int groupSize, bool zeroPoints)
    {
        foreach (var (hidden, intermediate) in new[] { (4096, 7168), (2048, 768), (7168, 256), (64, 64), (192, 64), (2880, 2880) })
        {
            var spec = new FusedMoeSpec(8, 2, hidden, intermediate, MoeActivation.SiluAndMul, type, Quantization: quantization, GroupSize: groupSize, ZeroPoints: zeroPoints);
            var pairs = FusedMoePtx.Pairs(spec);
            foreach (var core in new[] { TensorCore.Mma, TensorCore.Wgmma })
            {
                var ofCore = pairs.Where(pair => pair.Core == core).ToArray();
                Assert.Equal(int.MaxValue, ofCore[^1].MaxRows);
                var ofAnySlots = ofCore.Where(pair => pair.MaxSlots == int.MaxValue).Select(pair => pair.MaxRows).ToArray();
                Assert.Equal(ofAnySlots.Distinct().Order(), ofAnySlots);
                Assert.All(ofCore.SkipLast(1), pair => Assert.True(pair.GateUp.IsStreamed && pair.Down.IsStreamed));
                Assert.Equal(8, ofCore[0].GateUp.BlockM);
                Assert.Equal(core, ofCore[^1].GateUp.Core);
            }

            foreach (var pair in pairs)
            {
                var most = (pair.Core == TensorCore.Mma ? 99 : 227) * 1024;
                Assert.Equal(pair.GateUp.BlockM, pair.Down.BlockM);
                Assert.InRange(GroupedGemm.SharedBytes(FusedMoePtx.Shape(spec, ExpertProduct.GateUp), pair.GateUp), 1, most);
                Assert.InRange(GroupedGemm.SharedBytes(FusedMoePtx.Shape(spec, ExpertProduct.Down), pair.Down), 1, most);
            }
        }
    }

    [Theory]
    [InlineData(DType.Float8E4M3, 7168, 256, 16, 256, 64)] // DeepSeek V3, one of eight shards: 16 tiles of 32 columns a slot
    [InlineData(DType.Int4, 7168, 256, 16, 256, 16)]
    [InlineData(DType.Float16, 7168, 256, 32, 256, 16)]
    [InlineData(DType.Float8E4M3, 2048, 768, 16, 256, 21)] // Qwen3: 48 of them
    [InlineData(DType.Int4, 2048, 768, 32, 256, 8)] // more than there should be: the second product's tiles alone, for one token
    [InlineData(DType.Int4, 4096, 14336, 32, 1024, null)] // Mixtral's first product fills the device
    public void SlotsThatLeaveMultiprocessorsIdleHaveNarrowTiles(DType type, int hidden, int intermediate, int columns, int blockOfDown, int? maxSlots)
    {
        var quantization = type switch { DType.Int4 => WeightQuantization.Group, DType.Float16 => WeightQuantization.None, _ => WeightQuantization.Channel };
        var pairs = FusedMoePtx.Pairs(new(256, 8, hidden, intermediate, MoeActivation.SiluAndMul, type, Quantization: quantization, GroupSize: type == DType.Int4 ? 128 : 0));
        var first = pairs.First(pair => pair.NeedsWgmma);
        Assert.Equal((columns, blockOfDown, maxSlots ?? int.MaxValue), (first.GateUp.BlockN, first.Down.BlockK, first.MaxSlots));
        Assert.Equal(maxSlots is null ? 0 : 1, pairs.Count(pair => pair.MaxSlots < int.MaxValue));
        Assert.All(pairs.Where(pair => pair.GateUp.IsStreamed), pair => Assert.All([pair.GateUp, pair.Down], tile => Assert.Equal(pair.MaxSlots < int.MaxValue, tile.Chained)));
    }

    private static GroupedGemmShape Shape(ExpertProduct product, int format) =>
        new(product, 8, 1024, 768) { WeightType = Formats[format].Type, GroupSize = Formats[format].GroupSize, ZeroPoints = Formats[format].ZeroPoints };

    private static void CheckNames(ExpertProduct product, int format, GroupedGemmTile tile)
    {
        foreach (var activation in Enum.GetValues<MoeActivation>())
        {
            var text = GroupedGemm.Write(Shape(product, format) with { Activation = activation, ActivationLimit = 1.5f, Bias = true, RouterWeightOnInput = true }, tile);
            PtxText.AssertDeclaredAndUsed(text, "%tid", "%ctaid", "%nctaid");
        }
    }

    [GeneratedRegex(@"L1::no_allocate\S* (?<to>\{[^}]*\}|%\w+), \[(?<from>%\w+\+\d+)\]")]
    private static partial Regex Load();

    [GeneratedRegex(@"cp\.async\.cg\S+ \[(?<to>%t[01])\+(?<offset>\d+)\]")]
    private static partial Regex Copy();
}
