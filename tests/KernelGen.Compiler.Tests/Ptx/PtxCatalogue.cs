using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;

namespace KernelGen.Tests;

/// <summary>Kernels of every kind, format, product and activation: the tiles that specs choose, and a grid of others.</summary>
internal static class PtxCatalogue
{
    private static readonly (DType Type, int GroupSize, int ScaledRows, bool ZeroPoints, bool QuantizedInputs)[] Formats =
    [
        (DType.BFloat16, 0, 1, false, false), (DType.Float16, 0, 1, false, false),
        (DType.Float8E4M3, 0, 1, false, false), (DType.Float8E4M3, 128, 128, false, false), (DType.Float8E4M3, 0, 1, false, true), (DType.Float8E4M3, 128, 128, false, true),
        (DType.Int8, 0, 1, false, false), (DType.Int8, 32, 1, true, false), (DType.Int8, 128, 1, false, false), (DType.Int8, 0, 1, false, true),
        (DType.Int4, 32, 1, false, false), (DType.Int4, 64, 1, true, false), (DType.Int4, 128, 1, false, false), (DType.Int4, 128, 1, true, false),
    ];

    private static readonly (int HiddenSize, int IntermediateSize)[] Sizes = [(2048, 768), (2880, 2880), (512, 256), (4096, 1536), (7168, 2048), (6144, 512)];

    private static readonly MoeActivation[] Activations = Enum.GetValues<MoeActivation>();

    /// <summary>The kernels: a name of their kind and format, their shape and their tile.</summary>
    public static IEnumerable<(string Kind, GroupedGemmShape Shape, GroupedGemmTile Tile)> Kernels()
    {
        var count = 0;
        foreach (var format in Formats)
        {
            foreach (var product in new[] { ExpertProduct.GateUp, ExpertProduct.Down })
            {
                foreach (var tile in Tiles())
                {
                    if (tile.Core is TensorCore.MmaBytes or TensorCore.WgmmaBytes && !format.QuantizedInputs) continue;

                    // Each tile of a format meets another size, activation and form.
                    for (var turn = 0; turn < Sizes.Length; turn++)
                    {
                        var (hidden, intermediate) = Sizes[(count + turn) % Sizes.Length];
                        var shape = new GroupedGemmShape(product, 1 + (count % 8), hidden, intermediate, Activations[count % Activations.Length], 1.5f)
                        {
                            WeightType = format.Type, GroupSize = format.GroupSize, ScaledRows = format.ScaledRows, ZeroPoints = format.ZeroPoints, QuantizedInputs = format.QuantizedInputs,
                            Bias = count % 3 == 0, RouterWeightOnInput = count / 3 % 3 == 0,
                        };
                        if (GroupedGemm.Problem(shape, tile) is not null) continue;
                        count++;
                        yield return ($"{KindOf(tile)} {format.Type} {format.GroupSize}{(format.ZeroPoints ? " zero points" : "")}{(format.QuantizedInputs ? " bytes" : "")} {product}", shape, tile);
                        break;
                    }
                }
            }
        }
    }

    private static string KindOf(GroupedGemmTile tile) => tile.IsStreamed ? "streamed" : tile.WeightsLeft ? "wgmma, weights left" : tile.IsSpecialised ? "wgmma" : "mma";

    private static IEnumerable<GroupedGemmTile> Tiles()
    {
        var tile = 0;
        foreach (var plain in ChosenTiles().Concat(Grid()).Distinct())
        {
            yield return plain;
            var splitK = 2 + (tile++ % 3);
            yield return plain with { SplitK = splitK, GroupM = 1 + (tile % 4) };
            yield return plain with { SplitK = tile % 5 == 0 ? splitK : 1, Chained = !plain.Chained };
        }
    }

    private static IEnumerable<GroupedGemmTile> ChosenTiles() =>
        from format in Formats
        from size in Sizes
        let spec = new FusedMoeSpec(128, 8, size.HiddenSize, size.IntermediateSize, MoeActivation.SiluAndMul, format.Type)
        {
            GroupSize = format.ScaledRows > 1 ? 0 : format.GroupSize, ZeroPoints = format.ZeroPoints,
            Quantization = format.ScaledRows > 1 ? WeightQuantization.Block128 : WeightQuantization.None,
            ActivationQuantization = format.QuantizedInputs ? ActivationQuantization.DynamicToken : ActivationQuantization.None,
        }
        from pair in FusedMoePtx.Pairs(spec)
        from tile in new[] { pair.GateUp, pair.Down }
        select tile;

    private static IEnumerable<GroupedGemmTile> Grid() =>
    [
        .. from tile in new[] { (16, 32, 1, 2), (32, 64, 2, 2), (64, 64, 2, 4), (48, 96, 1, 2), (128, 32, 4, 1) }
           from core in new[] { TensorCore.Mma, TensorCore.MmaBytes }
           from depth in new[] { (64, 4), (128, 3), (256, 3) }
           select new GroupedGemmTile(core, tile.Item1, tile.Item2, depth.Item1, depth.Item2, tile.Item3, tile.Item4),
        .. from rows in new[] { 8, 24, 32 }
           from columns in new[] { 16, 64 }
           from block in new[] { (64, 1), (128, 4), (256, 2), (512, 4) }
           select new GroupedGemmTile(TensorCore.Mma, rows, columns, block.Item1, 1, 1, block.Item2, Resident: 2),
        .. from core in new[] { TensorCore.Wgmma, TensorCore.WgmmaBytes }
           from tile in new[] { (64, 64, 4, 1), (64, 128, 4, 1), (128, 192, 8, 1), (128, 64, 8, 1), (128, 256, 4, 2), (256, 128, 8, 2) }
           select new GroupedGemmTile(core, tile.Item1, tile.Item2, core == TensorCore.Wgmma ? 64 : 128, 4, tile.Item3, 1, Cluster: tile.Item4),
        .. from tile in new[] { (8, 64, 4), (24, 64, 4), (40, 128, 8), (80, 256, 8) }
           from depth in new[] { 64, 128 }
           select new GroupedGemmTile(TensorCore.Wgmma, tile.Item1, tile.Item2, depth, 4, 1, tile.Item3),
    ];
}
