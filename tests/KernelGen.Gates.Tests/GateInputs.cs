using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Logits of many kinds. No two unequal keys are so close that single precision could swap them.</summary>
internal static class GateInputs
{
    private const double LeastMargin = 2e-6;

    // √softplus reaches 10 here, so its roundings are as many times those of scores up to 1.
    private const double LeastMarginOfSqrtSoftplus = 2e-5;

    private static readonly Func<SeededRandom, int, float[]>[] Kinds =
    [
        (random, count) => random.Normal(count, 2f),
        (random, count) => random.Normal(count, 12f),
        (random, count) => Fill(count, () => random.Int(-3, 3) * 0.5f), // ties everywhere
        (_, count) => new float[count],
        (_, count) => Fill(count, () => -100f),
        (random, count) => Fill(count, () => random.Pick(-100f, 0f, 0.5f, 100f)),
        (random, count) => Fill(count, () => random.Pick(-0f, 0f)),
        (random, count) => Fill(count, () => random.Int(0, 3) == 0 ? float.NaN : random.Int(-9, 9) * 0.25f),
        (random, count) => Fill(count, () => random.Int(0, 9) == 0 ? random.Int(-9, 9) * 0.25f : float.NaN),
        (random, count) => Fill(count, () => random.Int(0, 3) == 0 ? random.Int(-9, 9) * 0.25f : float.NegativeInfinity),
        (random, count) => Fill(count, () => random.Pick(float.NaN, float.NegativeInfinity, float.PositiveInfinity, 1f)),
        (_, count) => Fill(count, () => float.NaN),
        (_, count) => Fill(count, () => float.NegativeInfinity),
        (_, count) => Fill(count, () => float.PositiveInfinity),
    ];

    /// <summary>A case with a random mixture of rows.</summary>
    public static GateCase Case(MoeGateSpec spec, int tokens, SeededRandom random)
    {
        var bias = spec.CorrectionBias ? Bias(spec.Experts, random) : [];
        var rows = new float[tokens][];
        for (var t = 0; t < tokens; t++) rows[t] = Row(spec, bias, random);
        var table = spec.HashTable ? Array.ConvertAll(rows, _ => TableRow(spec, random)) : null;
        return new GateCase(spec, rows, bias, random.Pick(1f, 1f, 2.5f), random.Pick(0, 0, 1, 5), random.Description, expected: null, table);
    }

    // Half of the rows are the ordinary ones.
    private static float[] Row(MoeGateSpec spec, float[] bias, SeededRandom random)
    {
        var shape = spec.ToShape();
        var leastMargin = spec.Scoring == GateScoring.SqrtSoftplus ? LeastMarginOfSqrtSoftplus : LeastMargin;
        while (true)
        {
            var row = (random.Bool() ? Kinds[0] : random.Pick(Kinds))(random, spec.Experts);
            if (spec.LogitsType == DType.Float16) row = Array.ConvertAll(row, logit => (float)(Half)logit);
            if (spec.LogitsType == DType.BFloat16) row = Array.ConvertAll(row, logit => (float)(BFloat16)logit);
            if (spec.HashTable) return row;
            if (ReferenceGate.Route(shape, row, bias, 1f).Margin >= leastMargin) return row;
        }
    }

    // Now and then an expert twice: a table may say so.
    private static int[] TableRow(MoeGateSpec spec, SeededRandom random) => random.Bool()
        ? random.Permutation(spec.Experts)[..spec.TopK]
        : [.. Enumerable.Range(0, spec.TopK).Select(_ => random.Int(0, spec.Experts - 1))];

    private static float[] Bias(int count, SeededRandom random) => random.Pick<Func<float[]>>(
        () => new float[count],
        () => random.Normal(count, 0.1f),
        () => Fill(count, () => random.Int(-2, 2) * 0.25f),
        () => Fill(count, () => random.Int(0, 7) == 0 ? float.NegativeInfinity : random.Int(0, 4) * 0.125f))();

    private static float[] Fill(int count, Func<float> next)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan()) value = next();
        return values;
    }
}
