using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <content>
/// Weights as the left operand of wgmma: a tile has as many rows as an expert, on average, and some more. What pads takes power; a second tile of an
/// expert reads the weights again.
/// </content>
public static partial class FusedMoePtx
{
    private static readonly GroupedGemmTile[] Left16 = [WeightsLeft(16, 256, 64, 6, 8)];

    // The fewer tiles there are, the more counts that the last turn is full.
    private static readonly GroupedGemmTile[] Left16Narrow = [WeightsLeft(16, 64, 128, 11, 4)];

    private static readonly GroupedGemmTile[] Left32 = [WeightsLeft(32, 128, 128, 5, 8), WeightsLeft(32, 128, 64, 11, 8), WeightsLeft(32, 64, 128, 9, 4)];

    private static readonly GroupedGemmTile[] Left48 = [WeightsLeft(48, 128, 64, 10, 8)];

    private static readonly GroupedGemmTile[] Left48Down = [WeightsLeft(48, 256, 64, 5, 8)];

    private static readonly GroupedGemmTile[] Left144 = [WeightsLeft(144, 256, 64, 4, 8, 8)];

    private static readonly GroupedGemmTile[] Left176 = [WeightsLeft(176, 256, 64, 4, 8, 16)];

    // Tiles that a persistent kernel wants: four for each multiprocessor of an H200.
    private const int FewestTiles = 4 * 132;

    private static GroupedGemmTile WeightsLeft(int m, int n, int k, int stages, int warpsN, int groupM = 1) => new(TensorCore.Wgmma, m, n, k, stages, 1, warpsN, groupM, Chained: true);

    /// <summary>Few rows of an expert, but so many experts that a persistent kernel has enough tiles; null where there are not.</summary>
    private static Pair? FewRowsOfManyExperts(FusedMoeSpec spec)
    {
        var gateUp = spec.IntermediateSize <= ShortReduction ? Left16Narrow : Chained(Rows16);
        return Fitting(spec, TensorCore.Wgmma, 8, gateUp, Left16) is { } pair && FewestSlots(spec, pair) <= spec.Experts ? pair : null;
    }

    /// <summary>Slots, each of another expert, from which on the persistent kernels of a pair have enough tiles.</summary>
    private static int FewestSlots(FusedMoeSpec spec, Pair pair)
    {
        var columnBlocks = Shape(spec, ExpertProduct.Down).Columns / pair.Down.BlockN;
        if (pair.GateUp.IsSpecialised) columnBlocks = Math.Min(columnBlocks, Shape(spec, ExpertProduct.GateUp).Columns / pair.GateUp.BlockN);
        return (FewestTiles + columnBlocks - 1) / columnBlocks;
    }
}
