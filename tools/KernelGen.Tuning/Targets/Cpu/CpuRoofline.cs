using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Tuning;

/// <summary>
/// How long the CPU kernels of experts should take: each expert's weights are read once and its tokens multiplied at the rate that the
/// register tile allows; the slower of both counts. It is meant to order candidates, not to predict times.
/// </summary>
/// <param name="spec">The experts.</param>
/// <param name="limits">What the machine computes and reads.</param>
/// <param name="vectorBits">The width that the limits were measured in.</param>
/// <param name="routing">Which experts tokens have.</param>
internal sealed class CpuRoofline(FusedMoeSpec spec, MachineLimits limits, int vectorBits, ExpertRouting routing)
{
    // Taking a work item, staging its first weights and storing its sums.
    private const double ItemUs = 0.4;

    // Against streaming weights a token is multiplied with loads that nothing shares.
    private const double RowEfficiency = 0.4;

    private readonly Dictionary<int, int[]> _tokensOfExperts = [];

    public double Microseconds(CpuTile tile, int splitK, int tokens)
    {
        var first = Product(spec.IntermediateSize, spec.IsGated ? 2.0 * spec.HiddenSize : spec.HiddenSize, tile.GateUp, tile, splitK, tokens);
        return first + Product(spec.HiddenSize, spec.IntermediateSize, tile.Down, tile, splitK, tokens);
    }

    /// <summary>One product: <paramref name="columns"/> results of <paramref name="depth"/> multiply-adds for each slot.</summary>
    private double Product(int columns, double depth, CpuProductTile product, CpuTile tile, int splitK, int tokens)
    {
        var (busyUs, items) = (0.0, 0L);
        foreach (var count in TokensOfExperts(tokens))
        {
            var readUs = columns * depth * BytesPerWeight / (limits.GigabytesPerSecond * 1e3);
            var computeUs = 2.0 * columns * depth * Effort(count, product, tile, splitK) / (limits.Gflops * 1e3);
            busyUs += Math.Max(readUs, computeUs);
            items += (long)splitK * ((columns + product.Columns - 1) / product.Columns);
        }

        if (items == 0) return 0;
        var turns = (items + limits.Threads - 1) / limits.Threads;
        return (busyUs * turns * limits.Threads / items) + (turns * ItemUs);
    }

    /// <summary>Tokens whose multiply-adds at full rate take as long as these <paramref name="count"/> do.</summary>
    private double Effort(int count, CpuProductTile product, CpuTile tile, int splitK)
    {
        if (splitK > 1) return count / RowEfficiency * 1.5; // and the sums of the slices
        var left = count % tile.PanelTokens;
        var panels = count / tile.PanelTokens;
        var rate = Efficiency(product.Rows, tile.PanelVectors) * Math.Min(1.0, (double)tile.VectorBits / vectorBits);
        if (count <= tile.RowTokens) return count / RowEfficiency;
        var rest = left == 0 ? 0
            : left <= Math.Max(tile.RowTokens, tile.Lanes * 3 / 4) ? left * 1.3 / rate
            : left <= tile.Lanes + tile.RowTokens ? tile.Lanes * 1.2 / rate
            : tile.PanelTokens / rate;
        return (panels * tile.PanelTokens / rate) + rest;
    }

    /// <summary>Share of the multiply-adds that a step of a register tile issues: two a cycle, beside two loads, and no sum sooner than four cycles after its last.</summary>
    private static double Efficiency(int rows, int vectors)
    {
        const double Latency = 4;
        var multiplies = rows * vectors / 2.0;
        return multiplies / Math.Max(Math.Max(multiplies, (rows + vectors) / 2.0), Latency);
    }

    private double BytesPerWeight => spec.WeightType switch
    {
        DType.Float32 => 4,
        DType.Float16 or DType.BFloat16 => 2,
        DType.Int4 => 0.5,
        _ => 1,
    };

    private int[] TokensOfExperts(int tokens)
    {
        if (_tokensOfExperts.TryGetValue(tokens, out var known)) return known;
        var counts = new int[spec.Experts];
        foreach (var expert in routing.Repeat(tokens).Ids)
        {
            if (expert >= 0) counts[expert]++;
        }

        int[] some = [.. counts.Where(count => count > 0)];
        _tokensOfExperts.Add(tokens, some);
        return some;
    }
}
