using KernelGen.Testing;

namespace KernelGen.Runtime.Tests;

/// <summary>Scales of gate and up projections in one tensor, or each in its own.</summary>
public class ExpertScalesTests
{
    private const int Experts = 2;
    private const int HiddenSize = 160;
    private const int IntermediateSize = 200; // blocks of the up rows begin anew, or within a block of the gate's

    [Theory]
    [InlineData(WeightQuantization.Tensor, 1, 1)]
    [InlineData(WeightQuantization.Channel, 200, 160)]
    [InlineData(WeightQuantization.Block128, 2 * 2, 2 * 2)]
    [InlineData(WeightQuantization.Group, 200 * 5, 160 * 7)]
    public void GateAndUpProjectionsMayHaveScalesOfTheirOwn(WeightQuantization quantization, int gateCount, int downCount)
    {
        var random = new SeededRandom();
        float[] gate = Scales(gateCount), up = Scales(gateCount), down = Scales(downCount);
        var gateUp = new sbyte[Experts * 2 * IntermediateSize * HiddenSize];
        gateUp.AsSpan().Fill(1); // a weight is its scale
        using var weights = ExpertWeights<sbyte>.FromFused(
            gateUp, gateUp.AsMemory(gateUp.Length / 2), Experts, HiddenSize, IntermediateSize, scales: Of(quantization, gate, up, down));
        var row = new float[HiddenSize];
        for (var e = 0; e < Experts; e++)
        {
            foreach (var r in new[] { 0, 127, 128, 199 })
            {
                weights.CopyRow(ExpertProjection.Gate, e, r, row);
                AssertRow(gate, e, r);
                weights.CopyRow(ExpertProjection.Up, e, r, row);
                AssertRow(up, e, r);
            }
        }

        void AssertRow(float[] scales, int expert, int number)
        {
            for (var column = 0; column < row.Length; column++)
            {
                var index = quantization switch
                {
                    WeightQuantization.Tensor => 0,
                    WeightQuantization.Channel => number,
                    WeightQuantization.Block128 => (number / 128 * 2) + (column / 128),
                    _ => (number * 5) + (column / 32),
                };
                Assert.True(scales[(expert * gateCount) + index] == row[column], $"expert {expert}, row {number}, column {column}; {random.Description}");
            }
        }

        float[] Scales(int count) => [.. Enumerable.Range(0, Experts * count).Select(_ => random.Float(0.5f, 1.5f))];
    }

    [Fact]
    public void AScaleForEveryCell()
    {
        var scales = new float[Experts];
        Fails("the up scales hold 1 elements; expected [E] = 2", ExpertScales.PerTensor(scales, new float[1], scales));
        Fails("the gate scales hold 2 elements; expected [E, I] = 400", ExpertScales.PerChannel(scales, scales, scales));
        Fails("the down scales hold 2 elements; expected [E, ⌈H / 128⌉, ⌈I / 128⌉] = 8", ExpertScales.PerBlock128(new float[8], new float[8], scales));

        static void Fails(string problem, ExpertScales scales)
        {
            var weights = new sbyte[Experts * 2 * IntermediateSize * HiddenSize];
            var error = Assert.Throws<ArgumentException>(() => ExpertWeights<sbyte>.FromFused(weights, weights.AsMemory(weights.Length / 2), Experts, HiddenSize, IntermediateSize, scales: scales));
            Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ExpertsWithoutUpProjectionsHaveNoScalesForThem()
    {
        float[] scales = [1];
        var error = Assert.Throws<ArgumentException>(
            () => ExpertWeights<Float8E4M3>.FromUngated(new Float8E4M3[4], new Float8E4M3[4], 1, 2, 2, scales: ExpertScales.PerTensor(scales, scales, scales)));
        Assert.Contains("the up projections have scales, but the experts have no up projections", error.Message, StringComparison.Ordinal);
    }

    private static ExpertScales Of(WeightQuantization quantization, float[] gate, float[] up, float[] down) => quantization switch
    {
        WeightQuantization.Tensor => ExpertScales.PerTensor(gate, up, down),
        WeightQuantization.Channel => ExpertScales.PerChannel(gate, up, down),
        WeightQuantization.Block128 => ExpertScales.PerBlock128(gate, up, down),
        _ => ExpertScales.PerGroup(32, gate, up, down),
    };
}
