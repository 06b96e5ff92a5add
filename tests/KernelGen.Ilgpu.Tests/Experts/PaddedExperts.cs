namespace KernelGen.Tests;

/// <summary>
/// The same experts in bfloat16, their intermediate states padded with zeros to whole tiles of tensor cores: a gate of 0 activates to 0,
/// and a column of zeros passes nothing on.
/// </summary>
internal static class PaddedExperts
{
    /// <summary>What the widths of tensor cores' tiles are multiples of.</summary>
    public const int Multiple = 64;

    /// <summary>Converts gated experts.</summary>
    public static unsafe ExpertWeights<BFloat16> Of(ExpertWeights<float> experts)
    {
        var (count, hidden, width) = (experts.Experts, experts.HiddenSize, (experts.IntermediateSize + Multiple - 1) / Multiple * Multiple);
        var gateUp = new BFloat16[2L * count * width * hidden];
        var down = new BFloat16[(long)count * hidden * width];
        var ofHidden = new float[hidden];
        var ofIntermediate = new float[experts.IntermediateSize];
        for (var expert = 0; expert < count; expert++)
        {
            for (var row = 0; row < experts.IntermediateSize; row++)
            {
                experts.CopyRow(ExpertProjection.Gate, expert, row, ofHidden);
                Round(ofHidden, gateUp.AsSpan(((expert * 2 * width) + row) * hidden));
                experts.CopyRow(ExpertProjection.Up, expert, row, ofHidden);
                Round(ofHidden, gateUp.AsSpan(((expert * 2 * width) + width + row) * hidden));
            }

            for (var row = 0; row < hidden; row++)
            {
                experts.CopyRow(ExpertProjection.Down, expert, row, ofIntermediate);
                Round(ofIntermediate, down.AsSpan(((expert * hidden) + row) * width));
            }
        }

        return ExpertWeights<BFloat16>.FromFused(gateUp, down, count, hidden, width, experts.Biases is { } biases ? Padded(biases, experts, width) : null);
    }

    private static unsafe ExpertBiases Padded(ExpertBiases biases, ExpertWeights<float> experts, int width)
    {
        var gateUp = new float[experts.Experts * 2 * width];
        for (var half = 0; half < 2 * experts.Experts; half++)
            new ReadOnlySpan<float>(biases.GateUpAddress + (half * experts.IntermediateSize), experts.IntermediateSize).CopyTo(gateUp.AsSpan(half * width));
        return new ExpertBiases(gateUp, new ReadOnlySpan<float>(biases.DownAddress, experts.Experts * experts.HiddenSize), experts.Experts);
    }

    private static void Round(ReadOnlySpan<float> from, Span<BFloat16> to)
    {
        for (var i = 0; i < from.Length; i++) to[i] = (BFloat16)from[i];
    }
}
