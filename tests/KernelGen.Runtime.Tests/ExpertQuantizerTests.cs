namespace KernelGen.Tests;

public sealed class ExpertQuantizerTests
{
    private const int Hidden = 260; // two blocks and a rest
    private const int Intermediate = 90; // up rows begin within a block of gate rows

    [Theory]
    [InlineData(WeightQuantization.Tensor, 0)]
    [InlineData(WeightQuantization.Channel, 0)]
    [InlineData(WeightQuantization.Block128, 0)]
    public void Float8WeightsAreWithinTheirSteps(WeightQuantization quantization, int groupSize) =>
        Check<Float8E4M3>(quantization, groupSize, (weight, largest) => Math.Max(Math.Abs(weight) / 16, largest / 448 / 1024));

    [Theory]
    [InlineData(WeightQuantization.Channel, 0)]
    [InlineData(WeightQuantization.Group, 64)]
    public void BytesAreWithinHalfAStep(WeightQuantization quantization, int groupSize) => Check<sbyte>(quantization, groupSize, (_, largest) => largest / 254);

    [Theory]
    [InlineData(32)]
    [InlineData(128)]
    public void PairsAreWithinHalfAStep(int groupSize) => Check<Int4Pair>(WeightQuantization.Group, groupSize, (_, largest) => largest / 14);

    [Fact]
    public void ZerosStayZeros()
    {
        using var quantizer = new ExpertQuantizer<sbyte>(1, 4, 2, WeightQuantization.Channel);
        Assert.Equal(0f, quantizer.Add(0, new float[8], new float[8], new float[8]));
        using var weights = quantizer.Build();
        var row = new float[4];
        row.AsSpan().Fill(1);
        weights.CopyRow(ExpertProjection.Up, 0, 1, row);
        Assert.Equal(new float[4], row);
    }

    [Fact]
    public void WeightsThatAreNotFiniteAreRefused()
    {
        using var quantizer = new ExpertQuantizer<sbyte>(1, 2, 1, WeightQuantization.Channel);
        var failure = Assert.Throws<ArgumentException>(() => quantizer.Add(0, [1f, float.NaN], [1f, 1f], [1f, 1f]));
        Assert.Contains("only finite weights", failure.Message);
    }

    [Fact]
    public void ScalesOfAnotherShapeAreRefused()
    {
        var scales = ExpertScales.PerChannel(new float[7], new float[4]);
        var failure = Assert.Throws<ArgumentException>(() => ExpertWeights<sbyte>.FromFused(new sbyte[32], new sbyte[16], 1, 4, 4, scales: scales));
        Assert.Contains("gateUp scales hold 7 elements; expected [E, 2I] = 8", failure.Message);
        var apart = Assert.Throws<ArgumentException>("scales", () => ExpertWeights<Float8E4M3>.FromFused(
            new Float8E4M3[1200], new Float8E4M3[600], 1, 4, 150, scales: ExpertScales.PerBlock128(new float[2], new float[3], new float[2])));
        Assert.Contains("up scales hold 3 elements; expected [E, ⌈I / 128⌉, ⌈H / 128⌉] = 2", apart.Message);
        var ungated = Assert.Throws<ArgumentException>("scales", () => ExpertWeights<Float8E4M3>.FromUngated(
            new Float8E4M3[600], new Float8E4M3[600], 1, 4, 150, scales: ExpertScales.PerBlock128(new float[2], new float[2], new float[2])));
        Assert.Contains("the up projections have scales, but the experts have no up projections", ungated.Message);
        Assert.Throws<ArgumentOutOfRangeException>("gateUpInput", () => ExpertScales.PerTensor(new float[1], new float[1]).WithInputScales(0f, 1f));
        Assert.Throws<ArgumentOutOfRangeException>("downInput", () => ExpertScales.PerTensor(new float[1], new float[1]).WithInputScales(1f, float.NaN));
        Assert.Throws<ArgumentException>(() => ExpertWeights<sbyte>.FromFused(new sbyte[32], new sbyte[16], 1, 4, 4));
        Assert.Throws<ArgumentException>(() => ExpertWeights<float>.FromFused(new float[32], new float[16], 1, 4, 4, scales: scales));
    }

    private static void Check<T>(WeightQuantization quantization, int groupSize, Func<float, float, float> maxError)
        where T : unmanaged
    {
        var random = new Random(7);
        float[] Matrix() => [.. Enumerable.Range(0, Hidden * Intermediate).Select(_ => (random.NextSingle() - 0.5f) * MathF.Exp(random.NextSingle()))];
        float[] gate = Matrix(), up = Matrix(), down = Matrix();
        using var quantizer = new ExpertQuantizer<T>(2, Hidden, Intermediate, quantization, groupSize);
        quantizer.Add(0, Matrix(), Matrix(), Matrix());
        var reported = quantizer.Add(1, gate, up, down);
        using var weights = quantizer.Build();

        var largest = gate.Concat(up).Concat(down).Max(Math.Abs);
        var worst = 0f;
        foreach (var (projection, matrix, columns) in new[] { (ExpertProjection.Gate, gate, Hidden), (ExpertProjection.Up, up, Hidden), (ExpertProjection.Down, down, Intermediate) })
        {
            var row = new float[columns];
            for (var i = 0; i < matrix.Length / columns; i++)
            {
                weights.CopyRow(projection, 1, i, row);
                for (var k = 0; k < columns; k++)
                {
                    var weight = matrix[(i * columns) + k];
                    var error = Math.Abs(row[k] - weight);
                    worst = Math.Max(worst, error);
                    Assert.True(error <= maxError(weight, largest) * 1.0001f, $"{projection}[{i}, {k}] is {row[k]}, was {weight}");
                }
            }
        }

        Assert.Equal(worst, reported, 1e-6f);
    }
}
