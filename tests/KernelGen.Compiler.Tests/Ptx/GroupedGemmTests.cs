using System.Globalization;
using System.Text.RegularExpressions;
using KernelGen.Compiler.Ptx;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>What can be known of the tensor-core kernels' text without an assembler.</summary>
public partial class GroupedGemmTests(ITestOutputHelper output)
{
    private static readonly GroupedGemmTile[] Tiles =
    [
        new(TensorCore.Mma, 16, 32, 64, 4, 1, 2),
        new(TensorCore.Mma, 16, 64, 128, 4, 1, 4),
        new(TensorCore.Mma, 32, 64, 64, 3, 1, 4, GroupM: 4, SplitK: 2),
        new(TensorCore.Mma, 128, 128, 64, 3, 2, 4, GroupM: 8),
        new(TensorCore.Mma, 16, 64, 128, 4, 1, 4, SplitK: 5, Chained: true),
        new(TensorCore.Wgmma, 64, 128, 64, 8, 4, 1, GroupM: 4),
        new(TensorCore.Wgmma, 128, 256, 64, 4, 8, 1, GroupM: 16, SplitK: 2, Chained: true),
        new(TensorCore.Wgmma, 128, 256, 64, 5, 4, 1, Cluster: 2, Chained: true),
        new(TensorCore.Wgmma, 256, 64, 64, 4, 8, 1, Cluster: 2),
        new(TensorCore.Wgmma, 24, 64, 128, 6, 1, 4, GroupM: 4, SplitK: 2),
        new(TensorCore.Wgmma, 144, 256, 64, 4, 1, 8, GroupM: 8, Chained: true),
    ];

    private const int FirstWgmma = 5;

    // What the sums of experts may have beside the products.
    private static readonly (MoeActivation Activation, bool Bias, bool RouterWeightOnInput)[] Forms =
        [(MoeActivation.SiluAndMul, false, false), (MoeActivation.SwigluOai, true, false), (MoeActivation.GeluAndMul, false, true), (MoeActivation.Gelu, false, false), (MoeActivation.Relu2, true, true)];

    public static TheoryData<ExpertProduct, int> Kernels => new(
        from product in new[] { ExpertProduct.GateUp, ExpertProduct.Down }
        from tile in Enumerable.Range(0, Tiles.Length)
        select (product, tile));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryRegisterAndLabelIsDeclaredOnce(ExpertProduct product, int tile)
    {
        foreach (var (activation, bias, onInput) in Forms)
        {
            var text = GroupedGemm.Write(Shape(product) with { Activation = activation, Bias = bias, RouterWeightOnInput = onInput }, Tiles[tile]);
            PtxText.AssertDeclaredAndUsed(text, "%tid", "%ctaid", "%nctaid", "%cluster_ctarank");
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EverySumGetsItsBiasOnce(ExpertProduct product, int tile)
    {
        // A thread has a sum of every 32nd of a warp's; slices of the first product are left to the phase that adds them up.
        var (shape, (warps, splitK)) = (Shape(product) with { Bias = true }, (Tiles[tile].WarpsM * Tiles[tile].WarpsN, Tiles[tile].SplitK));
        var sums = product == ExpertProduct.GateUp && splitK > 1 ? 0 : Tiles[tile].BlockM / Tiles[tile].Cluster * Tiles[tile].BlockN / (32 * warps);
        var biased = BiasedSum().Matches(GroupedGemm.Write(shape, Tiles[tile])).Select(match => match.Groups["sum"].Value).ToArray();
        Assert.Equal(sums, biased.Length);
        Assert.Equal(sums, biased.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void CopiesOfAStageFillEveryChunkOnce(ExpertProduct product, int tile)
    {
        var text = Write(product, Tiles[tile]);
        if (tile >= FirstWgmma)
        {
            CopiesOfAStageFillItOnce(text, Tiles[tile]);
            return;
        }

        var (rowsOfPass, parts) = (Tiles[tile].Threads / 8, Tiles[tile].BlockK / 64);

        // The first stage: copies until the first group of copies ends.
        var stage = text[..text.IndexOf("cp.async.commit_group", StringComparison.Ordinal)];
        foreach (var (register, rows) in new[] { ("%t0", Tiles[tile].BlockN), ("%t1", Tiles[tile].BlockM) })
        {
            var offsets = Copy().Matches(stage).Where(match => match.Groups["to"].Value == register).Select(match => int.Parse(match.Groups["offset"].Value, CultureInfo.InvariantCulture)).Order();
            var step = Math.Min(rowsOfPass, rows) * 128;

            // Chained kernels fetch the weights of all first stages before anything else.
            var stages = register == "%t0" && product == ExpertProduct.Down && Tiles[tile].Chained ? Tiles[tile].Stages - 1 : 1;
            Assert.Equal(Enumerable.Range(0, rows * 128 * parts / step * stages).Select(pass => pass / stages * step), offsets);
        }
    }

    // Threads copy the rows of the activations, TMA those of the weights: in two requests of all groups together or, of weights on the
    // left, in one for each 64 elements.
    private static void CopiesOfAStageFillItOnce(string text, GroupedGemmTile tile)
    {
        var (rowsOfGroup, rowsOfPass, parts) = (tile.BlockM / tile.Cluster, tile.WeightsLeft ? 8 : 16, tile.BlockK / 64);
        var offsets = Copy().Matches(text).Select(match => int.Parse(match.Groups["offset"].Value, CultureInfo.InvariantCulture));
        Assert.Equal(Enumerable.Range(0, rowsOfGroup * parts / rowsOfPass).Select(pass => pass * rowsOfPass * 128), offsets.Order());

        var expected = int.Parse(ExpectedBytes().Match(text).Groups["bytes"].Value, CultureInfo.InvariantCulture);
        Assert.Equal(tile.BlockN * parts * 128, expected);
        var requests = tile.Cluster * Regex.Matches(text, @"cp\.async\.bulk\.tensor").Count;
        Assert.Equal(tile.WeightsLeft ? parts : 2, requests);
        var rowsOfRequest = GroupedGemm.Fetched(Shape(ExpertProduct.Down), tile, experts: 3).Aggregate(1, (rows, dimension) => rows * dimension.Box);
        Assert.Equal(expected, requests * rowsOfRequest * 128);
        Assert.InRange(tile.SharedBytes, tile.Stages * ((rowsOfGroup * 128) + expected), 227 * 1024);
    }

    [Fact]
    public void ChainedKernelsWaitForTheOneBeforeThem()
    {
        foreach (var product in new[] { ExpertProduct.GateUp, ExpertProduct.Down })
        {
            foreach (var tile in Tiles)
            {
                var text = Write(product, tile);
                Assert.Equal(tile.Chained ? 1 : 0, Regex.Matches(text, @"griddepcontrol\.wait;").Count);
                Assert.Equal(tile.Chained ? 1 : 0, Regex.Matches(text, @"griddepcontrol\.launch_dependents;").Count);
            }
        }

        // Weights of the second product are on their way before the wait; slots of the first are not read before it.
        var down = Write(ExpertProduct.Down, Tiles[4]);
        Assert.InRange(down.IndexOf("cp.async.cg", StringComparison.Ordinal), 0, down.IndexOf("griddepcontrol.wait", StringComparison.Ordinal));
        var gateUp = Write(ExpertProduct.GateUp, Tiles[4]);
        Assert.InRange(gateUp.IndexOf("griddepcontrol.wait", StringComparison.Ordinal), 0, gateUp.IndexOf("ld.global", StringComparison.Ordinal));
    }

    [Fact]
    public void TheModuleNamesWhatItNeeds()
    {
        Assert.Contains(".target sm_80\n", Write(ExpertProduct.Down, Tiles[0]));
        Assert.Contains(".target sm_90\n", Write(ExpertProduct.Down, Tiles[4]));
        Assert.Contains(".target sm_90a\n", Write(ExpertProduct.Down, Tiles[FirstWgmma]));
        Assert.Contains(".reqnctapercluster 2, 1, 1\n", Write(ExpertProduct.Down, Tiles[7]));
        Assert.Contains(".visible .entry gateup_mma16x64x128s4w1x4(", Write(ExpertProduct.GateUp, Tiles[1]));
        Assert.Contains(".maxntid 128, 1, 1\n", Write(ExpertProduct.GateUp, Tiles[1]));
        output.WriteLine(Write(ExpertProduct.GateUp, Tiles[0]));
    }

    [Theory]
    [InlineData(MoeActivation.SiluAndMul)]
    [InlineData(MoeActivation.GeluTanhAndMul)]
    [InlineData(MoeActivation.SwigluOai)]
    [InlineData(MoeActivation.SwigluClamp)]
    public void GatedActivationsAreOneExponentialEach(MoeActivation activation)
    {
        var tile = Tiles[0];
        var text = GroupedGemm.Write(new GroupedGemmShape(ExpertProduct.GateUp, 2, 256, 128, activation, 1.5f), tile);
        var pairsOfThread = tile.BlockM * tile.BlockN / 2 / tile.Threads;
        Assert.Equal(pairsOfThread, Regex.Matches(text, @"ex2\.approx").Count);
    }

    [Fact]
    public void RequestsReachEveryRowOfWeightsOnce()
    {
        foreach (var tile in Tiles.Skip(FirstWgmma))
        {
            foreach (var product in new[] { ExpertProduct.GateUp, ExpertProduct.Down })
            {
                var shape = Shape(product);
                IEnumerable<long> rows = [0];
                foreach (var dimension in GroupedGemm.Fetched(shape, tile, experts: 3))
                    rows = from row in rows from place in Enumerable.Range(0, (int)dimension.Length) select row + (place * dimension.Stride);
                Assert.Equal(Enumerable.Range(0, 3 * shape.Columns).Select(row => (long)row), rows.Order());
            }
        }
    }

    [Fact]
    public void WeightsOnTheLeftOfTheSecondProductDoNotAwaitTheFirst()
    {
        var tile = Tiles.Last(tile => tile is { WeightsLeft: true, Chained: true });
        foreach (var product in new[] { ExpertProduct.GateUp, ExpertProduct.Down })
        {
            var text = Write(product, tile);
            var (fetch, wait, copy) = (Index("cp.async.bulk.tensor"), Index("griddepcontrol.wait"), Index("cp.async.cg"));
            Assert.InRange(wait, 0, copy);
            Assert.Equal(product == ExpertProduct.Down, fetch < wait);

            int Index(string instruction) => text.IndexOf(instruction, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(8, 64, 8, "are not one or two warp groups that share 64 columns")]
    [InlineData(12, 128, 8, "12 rows are not a multiple of 8")]
    [InlineData(264, 128, 8, "264 rows are not a multiple of 8 from 8 to 256")]
    [InlineData(16, 128, 2, "2 warps are not one or two warp groups")]
    public void TilesWithWeightsOnTheLeftThatCannotBeAreRefused(int blockM, int blockN, int warps, string problem) =>
        Assert.Contains(problem, GroupedGemm.Problem(Shape(ExpertProduct.Down), new(TensorCore.Wgmma, blockM, blockN, 64, 4, 1, warps)));

    [Theory]
    [InlineData(256, 100, "do not divide 200 columns")]
    [InlineData(200, 128, "do not divide a reduction of 200")]
    [InlineData(128, 128, "fewer blocks of 64 than 3 slices")]
    public void TilesThatDoNotFitAreRefused(int hidden, int intermediate, string problem)
    {
        var tile = Tiles[0] with { SplitK = 3 };
        var error = Assert.Throws<ArgumentException>(() => GroupedGemm.Write(new GroupedGemmShape(ExpertProduct.GateUp, 2, hidden, intermediate), tile));
        Assert.Contains(problem, error.Message);
    }

    private static string Write(ExpertProduct product, GroupedGemmTile tile) => GroupedGemm.Write(Shape(product), tile);

    private static GroupedGemmShape Shape(ExpertProduct product) => new(product, 8, 1024, 768);

    [GeneratedRegex(@"add\.rn\.f32 (?<sum>%sum\w+), \k<sum>, %bias")]
    private static partial Regex BiasedSum();

    [GeneratedRegex(@"expect_tx\S+ _, \[%full\], (?<bytes>\d+);")]
    private static partial Regex ExpectedBytes();

    [GeneratedRegex(@"cp\.async\.cg\S+ \[(?<to>%t\d)\+(?<offset>\d+)\]")]
    private static partial Regex Copy();
}
