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
