using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Tuning;

/// <summary>What CPU kernels of experts are specialised with where no tuning file says better. Measured on Zen 3 and Zen 4.</summary>
public static class CpuHeuristics
{
    // Accumulators fill the registers (16, or 32 of 512 bits), leaving room for the tokens and one weight. Staged rows, 12 or 24 KiB, stay in the
    // L1 cache, a work item's panels and sums in the L2 cache.
    private static readonly CpuTile[] Tiles =
    [
        new(128, PanelVectors: 2, RowTokens: 4, Depth: 512, GateUp: new(6, 48), Down: new(6, 48)),
        new(256, PanelVectors: 2, RowTokens: 4, Depth: 512, GateUp: new(6, 48), Down: new(6, 48)),
        new(512, PanelVectors: 2, RowTokens: 4, Depth: 512, GateUp: new(12, 48), Down: new(12, 48)),
    ];

    /// <summary>A spec's tile for vectors of 128, 256 or 512 bits.</summary>
    public static CpuTile Tile(FusedMoeSpec spec, int vectorBits)
    {
        var tile = Tiles.Single(tile => tile.VectorBits == vectorBits);
        // Eight rows share the cost of unpacking a weight, and 32 registers hold their accumulators. Weights that need no unpacking are multiplied faster in panels.
        return vectorBits == 512 && spec.Quantization != WeightQuantization.None ? tile with { RowTokens = 8 } : tile;
    }
}
