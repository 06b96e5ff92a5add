using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Whatever layout weights come in, a kernel gets the same rows.</summary>
public sealed unsafe class ExpertLayoutTests
{
    public static TheoryData<ExpertLayout> Layouts =>
        [ExpertLayout.RowMajor, ExpertLayout.Interleaved, ExpertLayout.Transposed, ExpertLayout.Transposed | ExpertLayout.Interleaved];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void PackedWeightsAreTheRowsOfTheirProjections(ExpertLayout layout)
    {
        foreach (var (e, h, i) in new[] { (1, 1, 1), (3, 5, 7), (2, 130, 66), (2, 64, 65) })
        {
            var random = new SeededRandom(h);
            var gateUp = random.Normal(e * 2 * i * h);
            var down = random.Normal(e * h * i);
            using var weights = ExpertWeights<float>.Pack(gateUp, down, e, h, i, layout);
            var transposed = layout.HasFlag(ExpertLayout.Transposed);
            var interleaved = layout.HasFlag(ExpertLayout.Interleaved);
            for (var expert = 0; expert < e; expert++)
            {
                for (var row = 0; row < i; row++)
                {
                    for (var column = 0; column < h; column++)
                    {
                        var (gateRow, upRow) = interleaved ? (2 * row, (2 * row) + 1) : (row, i + row);
                        Assert.Equal(GateUp(expert, gateRow, column), At(weights.Pointers.Gate, expert, (row * h) + column));
                        Assert.Equal(GateUp(expert, upRow, column), At(weights.Pointers.Up, expert, (row * h) + column));
                        Assert.Equal(down[(expert * h * i) + (transposed ? (row * h) + column : (column * i) + row)], At(weights.Pointers.Down, expert, (column * i) + row));
                    }
                }
            }

            float GateUp(int expert, int row, int column) => gateUp[(expert * 2 * i * h) + (transposed ? (column * 2 * i) + row : (row * h) + column)];
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void PackedBytesKeepTheirScales(ExpertLayout layout)
    {
        const int e = 2, h = 5, i = 3;
        var random = new SeededRandom((int)layout);
        var gateUp = Enumerable.Range(0, e * 2 * i * h).Select(_ => (sbyte)random.Int(-128, 127)).ToArray();
        var down = Enumerable.Range(0, e * h * i).Select(_ => (sbyte)random.Int(-128, 127)).ToArray();
        float[] gateUpScales = random.Normal(e * 2 * i), downScales = random.Normal(e * h);
        using var weights = ExpertWeights<sbyte>.Pack(gateUp, down, e, h, i, layout, scales: ExpertScales.PerChannel(gateUpScales, downScales));
        using var floats = ExpertWeights<float>.Pack(Array.ConvertAll(gateUp, q => (float)q), Array.ConvertAll(down, q => (float)q), e, h, i, layout);
        for (var expert = 0; expert < e; expert++)
        {
            for (var row = 0; row < i; row++)
            {
                AssertRow(ExpertProjection.Gate, expert, row, gateUpScales[(expert * 2 * i) + row]);
                AssertRow(ExpertProjection.Up, expert, row, gateUpScales[(expert * 2 * i) + i + row]);
            }

            for (var row = 0; row < h; row++) AssertRow(ExpertProjection.Down, expert, row, downScales[(expert * h) + row]);
        }

        void AssertRow(ExpertProjection projection, int expert, int row, float scale)
        {
            float[] actual = new float[projection == ExpertProjection.Down ? i : h], numbers = new float[actual.Length];
            weights.CopyRow(projection, expert, row, actual);
            floats.CopyRow(projection, expert, row, numbers);
            Assert.Equal(Array.ConvertAll(numbers, number => number * scale), actual);
        }
    }

    [Fact]
    public void PackedPairsKeepTheirRows()
    {
        const int e = 2, h = 6, i = 4, group = 32;
        var random = new SeededRandom();
        var gateUp = Enumerable.Range(0, e * 2 * i * h / 2).Select(_ => new Int4Pair((byte)random.Int(0, 255))).ToArray();
        var down = Enumerable.Range(0, e * h * i / 2).Select(_ => new Int4Pair((byte)random.Int(0, 255))).ToArray();
        float[] gateUpScales = random.Normal(e * 2 * i), downScales = random.Normal(e * h);
        var scales = ExpertScales.PerGroup(group, gateUpScales, downScales);
        using var weights = ExpertWeights<Int4Pair>.Pack(gateUp, down, e, h, i, ExpertLayout.Interleaved, scales: scales);
        float[] row = new float[h], downRow = new float[i];
        for (var expert = 0; expert < e; expert++)
        {
            for (var r = 0; r < i; r++)
            {
                AssertRow(ExpertProjection.Gate, r, 2 * r, row, gateUp, 2 * i, gateUpScales[(expert * 2 * i) + r]);
                AssertRow(ExpertProjection.Up, r, (2 * r) + 1, row, gateUp, 2 * i, gateUpScales[(expert * 2 * i) + i + r]);
            }

            for (var r = 0; r < h; r++) AssertRow(ExpertProjection.Down, r, r, downRow, down, h, downScales[(expert * h) + r]);

            void AssertRow(ExpertProjection projection, int number, int sourceRow, float[] target, Int4Pair[] source, int rows, float scale)
            {
                weights.CopyRow(projection, expert, number, target);
                for (var column = 0; column < target.Length; column++)
                {
                    var pair = source[((((expert * rows) + sourceRow) * target.Length) + column) / 2];
                    Assert.Equal(((column % 2 == 0 ? pair.Low : pair.High) - 8) * scale, target[column]);
                }
            }
        }

        var transposed = Assert.Throws<ArgumentException>("layout", () => ExpertWeights<Int4Pair>.Pack(gateUp, down, e, h, i, ExpertLayout.Transposed, scales: scales));
        Assert.Contains("4-bit weights are stored in pairs of a row", transposed.Message);
        var odd = Assert.Throws<ArgumentException>("hiddenSize", () => ExpertWeights<Int4Pair>.Pack(16, 16, e, 5, i, ExpertLayout.Interleaved, scales: scales));
        Assert.Contains("hiddenSize is 5; 4-bit weights are stored in pairs", odd.Message);
        Assert.Throws<ArgumentException>("scales", () => ExpertWeights<Int4Pair>.Pack(gateUp, down, e, h, i, ExpertLayout.Interleaved));
        Assert.Throws<ArgumentException>("scales", () => ExpertWeights<float>.Pack(new float[96], new float[48], e, h, i, ExpertLayout.Interleaved, scales: scales));
    }

    private static float At(void** matrices, int expert, int element) => ((float*)matrices[expert])[element];

    [Fact]
    public void PackedWeightsOfAWrongSizeNameTheShape()
    {
        var gateUp = Assert.Throws<ArgumentException>("gateUp", () => ExpertWeights<float>.Pack(new float[10], new float[96], 3, 8, 4, ExpertLayout.Transposed));
        Assert.Contains("gateUp holds 10 elements; expected [E, H, 2I] = 192", gateUp.Message);
        var down = Assert.Throws<ArgumentException>("down", () => ExpertWeights<float>.Pack(new float[192], new float[95], 3, 8, 4, ExpertLayout.Interleaved));
        Assert.Contains("down holds 95 elements; expected [E, H, I] = 96", down.Message);
        Assert.Throws<ArgumentException>("down", () => ExpertWeights<float>.Pack(1, 0, 3, 8, 4, ExpertLayout.Transposed));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExpertWeights<float>.Pack(1, 1, 3, 0, 4, ExpertLayout.Transposed));
    }

    [Fact]
    public void UngatedWeightsHaveNoUpProjection()
    {
        using var fused = ExpertWeights<float>.FromUngated(new float[96], new float[96], 3, 8, 4);
        Assert.False(fused.IsGated);
        Assert.True(fused.Pointers.Up[2] is null && fused.Pointers.Gate[2] is not null);
        using var pointers = ExpertWeights<float>.FromPointers(8, 4, [16, 16], [], [16, 16]);
        Assert.False(pointers.IsGated);
        Assert.Contains("gate holds 192 elements; expected [E, I, H] = 96", Assert.Throws<ArgumentException>("gate", () => ExpertWeights<float>.FromUngated(new float[192], new float[96], 3, 8, 4)).Message);
        Assert.Throws<ArgumentException>(() => ExpertWeights<float>.FromPointers(8, 4, [16, 0], [], [16, 16]));
    }

    [Fact]
    public void BiasesThatTakeTurnsAreSorted()
    {
        var biases = new ExpertBiases([1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 11, 12, 13, 14], experts: 2, interleaved: true);
        Assert.Equal((2, 4, 3), (biases.Experts, biases.GateUpWidth, biases.DownWidth));
        Assert.Equal([1f, 3, 2, 4, 5, 7, 6, 8], new ReadOnlySpan<float>(biases.GateUpAddress, 8).ToArray());
        Assert.Equal([9f, 10, 11, 12, 13, 14], new ReadOnlySpan<float>(biases.DownAddress, 6).ToArray());
    }

    [Fact]
    public void BiasesMustFitTheWeights()
    {
        Assert.Contains("gateUp holds 7 biases; expected [E, 2I] or [E, I] with E = 2", Assert.Throws<ArgumentException>("gateUp", () => new ExpertBiases(new float[7], new float[2], 2)).Message);
        Assert.Throws<ArgumentException>("down", () => new ExpertBiases(new float[8], [], 2));
        Assert.Throws<ArgumentException>("gateUp", () => new ExpertBiases(new float[6], new float[2], 2, interleaved: true));
        var biases = new ExpertBiases(new float[24], new float[24], 3);
        using var weights = ExpertWeights<float>.FromFused(new float[192], new float[96], 3, 8, 4, biases);
        Assert.Same(biases, weights.Biases);
        var wrong = Assert.Throws<ArgumentException>("biases", () => ExpertWeights<float>.FromUngated(new float[96], new float[96], 3, 8, 4, biases));
        Assert.Contains("biases are [3, 8] and [3, 8]; expected [3, 4] and [3, 8]", wrong.Message);
        Assert.Throws<ArgumentException>("biases", () => ExpertWeights<float>.FromFused(new float[192], new float[96], 3, 4, 8, biases));
    }
}
