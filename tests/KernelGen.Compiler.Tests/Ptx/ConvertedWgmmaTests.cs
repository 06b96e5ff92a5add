using System.Globalization;
using System.Text.RegularExpressions;
using KernelGen.Compiler.Ptx;

namespace KernelGen.Tests;

/// <summary>The text of kernels whose copying warp groups make bfloat16 of the weights that <c>wgmma</c> multiplies.</summary>
public partial class ConvertedWgmmaTests
{
    private const int BytesOfSm90 = 227 * 1024;

    private static readonly (DType Type, int GroupSize, bool ZeroPoints)[] Formats =
    [
        (DType.Float16, 0, false), (DType.Float8E4M3, 0, false), (DType.Float8E4M3, 128, false), (DType.Int8, 0, false), (DType.Int8, 32, true), (DType.Int8, 64, false),
        (DType.Int4, 32, false), (DType.Int4, 64, true), (DType.Int4, 128, true),
    ];

    private static readonly GroupedGemmTile[] Tiles =
    [
        new(TensorCore.Wgmma, 128, 64, 64, 4, 8, 1),
        new(TensorCore.Wgmma, 128, 128, 64, 4, 8, 1, GroupM: 8, SplitK: 2, Chained: true),
        new(TensorCore.Wgmma, 64, 128, 64, 4, 4, 1, SplitK: 3),
    ];

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
            PtxText.AssertDeclaredAndUsed(text, "%tid", "%ctaid", "%nctaid");
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void ConvertedWeightsFillTheirTileOnce(ExpertProduct product, int format, int tile)
    {
        var (shape, (rows, columns)) = (Shape(product, format), (Tiles[tile].BlockM, Tiles[tile].BlockN));
        var text = GroupedGemm.Write(shape, Tiles[tile]);
        var thread = ThreadsPlaces();
        var tiles = shape.WeightType == DType.Float16 ? 2 : 1;
        var chunks = new List<int>();
        foreach (Match store in Store().Matches(text))
        {
            var (eight, offset) = (int.Parse(store.Groups["eight"].Value, CultureInfo.InvariantCulture), int.Parse(store.Groups["offset"].Value, CultureInfo.InvariantCulture));
            chunks.AddRange(thread.Select(to => ((to ^ (16 * eight)) + offset) / 16));
        }

        Assert.Equal(Enumerable.Range(0, tiles * columns * 8), chunks.Order());
        Assert.InRange(GroupedGemm.SharedBytes(shape, Tiles[tile]), Tiles[tile].Stages * ((rows + (tiles * columns)) * 128), BytesOfSm90);
    }

    // What the setup computes of a thread's number: 4 threads a row, 32 rows, chunks exchanged by the row.
    private static int[] ThreadsPlaces() =>
    [
        .. from thread in Enumerable.Range(0, 128)
           let chunk = thread % 4
           let row = thread / 4
           select (row * 128) + (((2 * chunk) ^ (row % 8)) * 16),
    ];

    [Fact]
    public void EveryWeightIsMultipliedOnce()
    {
        // Four steps of 16 elements a stage; fp16 weights as two numbers.
        foreach (var (format, products) in new[] { (0, 2), (1, 1), (2, 1), (4, 1) })
            Assert.Equal(4 * products, Regex.Count(GroupedGemm.Write(Shape(ExpertProduct.Down, format), Tiles[0]), "wgmma.mma_async"));
    }

    [Theory]
    [InlineData(DType.Int8, 128, 256, 1, "leave no room")]
    [InlineData(DType.Float16, 0, 256, 1, "leave no room")]
    [InlineData(DType.Int8, 96, 128, 1, "groups of 96 and stages of 64")]
    [InlineData(DType.Int8, 0, 128, 2, "do not support clusters")]
    [InlineData(DType.Int8, 0, 64, 1, "take turns with 2 stages", 2)]
    public void WhatDoesNotFitIsRefused(DType type, int groupSize, int columns, int cluster, string problem, int stages = 3)
    {
        var tile = new GroupedGemmTile(TensorCore.Wgmma, 128 * cluster, columns, 64, stages, 8, 1, Cluster: cluster);
        var shape = Shape(ExpertProduct.Down, 0) with { WeightType = type, GroupSize = groupSize };
        Assert.Contains(problem, Assert.Throws<ArgumentException>(() => GroupedGemm.Write(shape, tile)).Message);
    }

    private static GroupedGemmShape Shape(ExpertProduct product, int format) =>
        new(product, 8, 1024, 768) { WeightType = Formats[format].Type, GroupSize = Formats[format].GroupSize, ZeroPoints = Formats[format].ZeroPoints };

    [GeneratedRegex(@"st\.shared\.v4\.b32 \[%toEight(?<eight>\d)\+(?<offset>\d+)\]")]
    private static partial Regex Store();
}
