using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Logits of many kinds: ordinary ones, ties within and across the axes, sums that round alike, and NaN.</summary>
internal static class RouterInputs
{
    private static readonly Func<SeededRandom, int, float[]>[] Kinds =
    [
        (random, count) => random.Normal(count, 2f),
        (random, count) => Fill(count, () => random.Int(-3, 3) * 0.5f),
        (random, count) => Fill(count, () => (float)(BFloat16)random.Normal(1, 2f)[0]),
        (random, count) => Fill(count, () => 1e6f + (random.Int(0, 9) / 16f)), // distinct numbers …
        (random, count) => Fill(count, () => random.Int(0, 9) / 128f), // … whose sums round alike
        (random, count) => Fill(count, () => random.Pick(1e8f, -1e8f, 1f, 3f, 5f)),
        (_, count) => new float[count],
        (random, count) => Fill(count, () => random.Pick(-0f, 0f)),
        (random, count) => Fill(count, () => random.Pick(float.MaxValue, -float.MaxValue, 1f)),
        (random, count) => Fill(count, () => random.Int(0, 3) == 0 ? random.Int(-9, 9) * 0.25f : float.NegativeInfinity),
        (random, count) => Fill(count, () => random.Int(0, 9) == 0 ? float.PositiveInfinity : random.Int(-9, 9) * 0.25f),
        (random, count) => Fill(count, () => random.Int(0, 3) == 0 ? float.NaN : random.Int(-99, 99) * 0.25f),
        (random, count) => Fill(count, () => random.Pick(float.NaN, float.NegativeInfinity, float.PositiveInfinity, 1f)),
        (_, count) => Fill(count, () => float.NaN),
        (_, count) => Fill(count, () => float.NegativeInfinity),
        (_, count) => Fill(count, () => float.PositiveInfinity),
    ];

    /// <summary>One axis of one token; half of them are the ordinary kind.</summary>
    public static float[] Axis(SeededRandom random, int count) => (random.Bool() ? Kinds[0] : random.Pick(Kinds))(random, count);

    private static float[] Fill(int count, Func<float> next)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan()) value = next();
        return values;
    }
}
