using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Tuning;

/// <summary>
/// Estimates the time of the experts' tensor-core kernels: weights are read as fast as the copies in flight allow, blocks are multiplied
/// in waves over the SMs, and the faster of the two mostly overlaps with the slower. It is meant to rank candidates, not
/// to predict times; its constants are those that best ranked 1276 candidates measured on an H200 (docs/tuning.md).
/// </summary>
internal sealed class CudaRoofline(FusedMoeSpec spec, GpuArchitecture architecture, int multiprocessors, ExpertRouting routing)
{
    // Bytes in flight with which an SM reads at half of the memory bandwidth.
    private const double BytesInFlight = 10_000;

    // The part of the faster of reading and multiplying that does not overlap.
    private const double Exposed = 0.25;

    // Cycles until a warp's next mma on the same accumulators can start, cycles of a multiplication alone, and cycles per microsecond.
    private const double MmaLatency = 33;
    private const double MmaCycles = 8;
    private const double CyclesOfMicrosecond = 1700;

    // What wgmma, which only compute capability 9.0 has, reaches on an H200.
    private const double Teraflops = 750;

    private readonly Dictionary<int, int[]> _rowsOfExperts = [];

    // Published figures of H200, A100 and L40.
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

        var multiplyUs = waves * (tile.IsSpecialised ? WgmmaBlock(shape, tile, residents) : MmaBlock(shape, tile, residents));
        var flying = (double)used / multiprocessors * tile.SharedBytes * (tile.Stages - 1) / tile.Stages;
        var weights = rows.Length * (double)shape.Columns * shape.Reduction * 2;
        var readUs = weights / (TerabytesPerSecond * 1e6) * (1 + (BytesInFlight / flying));
        var sumsUs = tile.SplitK == 1 ? 0 : 2 + (8.0 * tile.SplitK * tokens * spec.TopK * shape.Columns / (TerabytesPerSecond * 1e6));
        return Math.Max(readUs, multiplyUs) + (Exposed * Math.Min(readUs, multiplyUs)) + sumsUs;
    }

    private double WgmmaBlock(GroupedGemmShape shape, GroupedGemmTile tile, int residents)
    {
        // With weights on the left, an instruction multiplies as many rows as the tile has, and reads 64 columns for less than 32.
        var rate = tile.WeightsLeft ? Math.Min(1.0, tile.BlockM / 32.0) : Math.Min(1.0, tile.BlockM * tile.BlockN / (128.0 * 128.0) * residents);
        return 2.0 * tile.BlockM * tile.BlockN * shape.Reduction / tile.SplitK / (Teraflops * 1e6 / (multiprocessors * residents) * rate);
    }

    // A warp multiplies its tile's 16x8 parts one after another and starts again 16 elements further; four warps do so at once.
    private static double MmaBlock(GroupedGemmShape shape, GroupedGemmTile tile, int residents)
    {
        var parts = (double)tile.BlockM * tile.BlockN / (tile.WarpsM * tile.WarpsN * 16 * 8);
        var warps = Math.Max(1, tile.WarpsM * tile.WarpsN * residents / 4.0);
        return shape.Reduction / tile.SplitK / 16.0 * Math.Max(MmaLatency, parts * MmaCycles * warps) / CyclesOfMicrosecond;
    }

    private int[] RowsOfExperts(int tokens)
    {
        if (_rowsOfExperts.TryGetValue(tokens, out var known)) return known;
        int[] rows = [.. routing.Repeat(tokens).Ids.Where(expert => expert >= 0).GroupBy(expert => expert).Select(expert => expert.Count())];
        _rowsOfExperts.Add(tokens, rows);
        return rows;
    }
}
