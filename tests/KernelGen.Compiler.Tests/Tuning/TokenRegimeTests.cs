using KernelGen.Compiler.Tuning;
using KernelGen.Testing;

namespace KernelGen.Tests;

public class TokenRegimeTests
{
    [Fact]
    public void EveryNumberOfTokensIsInTheRangeOfItsNearestEntries()
    {
        var random = new SeededRandom();
        for (var number = 0; number < 200; number++)
        {
            var (file, down) = (Random(random), random.Bool() ? Random(random) : null);
            var regimes = TokenRegime.Of(file, down);
            Assert.Equal(int.MaxValue, regimes[^1].MaxTokens);
            for (var tokens = 0; tokens < 70; tokens++)
            {
                var regime = regimes.First(regime => tokens <= regime.MaxTokens);
                Assert.True(file.Nearest(tokens)!.Tokens == regime.GateUp.Tokens, random.Description);
                Assert.True((down ?? file).Nearest(tokens)!.Tokens == regime.Down.Tokens, random.Description);
            }
        }
    }

    [Fact]
    public void AnEntryForTheLargestNumberHasARange()
    {
        var file = TuningFile.Empty.With([Entry(1, 16), Entry(int.MaxValue, 16)]);
        Assert.Equal([1 << 30, int.MaxValue], TokenRegime.Of(file).Select(regime => regime.MaxTokens));
    }

    [Fact]
    public void BothProductsHaveBlocksOfAsManyRows()
    {
        var up = TuningFile.Empty.With([Entry(1, 16), Entry(100, 64)]);
        var down = TuningFile.Parse("""
            { "1": { "BLOCK_SIZE_N": 64, "BLOCK_SIZE_K": 64, "BLOCK_SIZE_M": 16 },
              "100": { "BLOCK_SIZE_N": 64, "BLOCK_SIZE_K": 64, "BLOCK_SIZE_M": 32 } }
            """, "down.json");
        var error = Assert.Throws<TuningFileException>(() => TokenRegime.Of(up, down));
        Assert.Equal(new TextPlace("down.json", 2, 68), error.Place);
        Assert.Equal("BLOCK_SIZE_M is 32 for the second GEMM at token count 100, but 64 for the first at 100; they share one alignment", error.Message);
    }

    private static TuningFile Random(SeededRandom random)
    {
        // Merging sorts; a text keeps whatever order there is.
        var tokens = Enumerable.Range(0, random.Int(1, 6)).Select(_ => random.Int(1, 60)).Distinct();
        return TuningFile.Parse("{" + string.Join(",", tokens.Select(number => $$"""
            "{{number}}": { "BLOCK_SIZE_M": 16, "BLOCK_SIZE_N": 64, "BLOCK_SIZE_K": 64 }
            """)) + "}");
    }

    private static TuningEntry Entry(int tokens, int blockM) => new TritonTile(blockM, 64, 64, 1, 4, 3).ToEntry(tokens);
}
