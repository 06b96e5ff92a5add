using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Tuning;

/// <summary>
/// How long the tensor-core kernels of experts should take: weights are read as fast as the copies in flight allow, blocks are multiplied
/// in waves over the multiprocessors, and the slower of both counts. It is meant to order candidates, not to predict times.
/// </summary>
internal sealed class CudaRoofline(FusedMoeSpec spec, GpuArchitecture architecture, int multiprocessors, ExpertRouting routing)
{
    // Bytes that each multiprocessor must have in flight to read at the memory's speed.
    private const double BytesInFlight = 40_000;

    private readonly Dictionary<int, int[]> _rowsOfExperts = [];

    // Public figures of H200, A100 and L40.
    private double Teraflops => architecture.Name switch { "SM80" => 280, "SM90" or "SM100" => 750, _ => 180 };

    private double TerabytesPerSecond => architecture.Name switch { "SM80" => 1.6, "SM90" or "SM100" => 4.2, _ => 0.8 };

    public double Microseconds(GroupedGemmTile gateUp, GroupedGemmTile down, int tokens) =>
        Product(FusedMoePtx.Shape(spec, ExpertProduct.GateUp), gateUp, tokens) + Product(FusedMoePtx.Shape(spec, ExpertProduct.Down), down, tokens);

    private double Product(GroupedGemmShape shape, GroupedGemmTile tile, int tokens)
    {
        var rows = RowsOfExperts(tokens);
        var blocks = rows.Sum(count => (count + tile.BlockM - 1) / tile.BlockM) * (shape.Columns / tile.BlockN) * tile.SplitK;
        if (blocks == 0) return 0;
        var residents = Math.Clamp(Math.Min(architecture.SharedBytes / tile.SharedBytes, 1536 / tile.Threads), 1, 8);
        var seats = multiprocessors * residents;
        var waves = (blocks + seats - 1) / seats;
        var used = Math.Min(blocks, seats);

        var rate = (tile.IsSpecialised ? 1.0 : 0.6) * Math.Min(1.0, tile.BlockM * tile.BlockN / (128.0 * 128.0) * residents);
        var blockUs = 2.0 * tile.BlockM * tile.BlockN * shape.Reduction / tile.SplitK / (Teraflops * 1e6 / seats * rate);
        var flying = (double)used / multiprocessors * tile.SharedBytes * (tile.Stages - 1) / tile.Stages;
        var weights = rows.Length * (double)shape.Columns * shape.Reduction * 2;
        var readUs = weights / (TerabytesPerSecond * 1e6 * Math.Min(1, flying / BytesInFlight));
        var sumsUs = tile.SplitK == 1 ? 0 : 2 + (8.0 * tile.SplitK * tokens * spec.TopK * shape.Columns / (TerabytesPerSecond * 1e6));
        return Math.Max(readUs, waves * blockUs) + sumsUs;
    }

    private int[] RowsOfExperts(int tokens)
    {
        if (_rowsOfExperts.TryGetValue(tokens, out var known)) return known;
        int[] rows = [.. routing.Repeat(tokens).Ids.Where(expert => expert >= 0).GroupBy(expert => expert).Select(expert => expert.Count())];
        _rowsOfExperts.Add(tokens, rows);
        return rows;
    }
}
