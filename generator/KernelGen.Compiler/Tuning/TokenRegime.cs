namespace KernelGen.Compiler.Tuning;

/// <summary>A range of token counts and its entries.</summary>
/// <param name="MaxTokens">Inclusive end of the range; <see cref="int.MaxValue"/> for the last one.</param>
/// <param name="GateUp">The entry for the first GEMM.</param>
/// <param name="Down">The entry for the second GEMM: the same unless a <c>_down</c> file tunes it separately.</param>
public sealed record TokenRegime(int MaxTokens, TuningEntry GateUp, TuningEntry Down)
{
    /// <summary>The ranges in which the nearest entries do not change, in ascending order.</summary>
    /// <param name="file">The file for both GEMMs, or for the first.</param>
    /// <param name="down">The file for the second GEMM, if any.</param>
    /// <exception cref="TuningFileException">
    /// The files differ in BLOCK_SIZE_M, although the GEMMs share one alignment of tokens.
    /// </exception>
    public static IReadOnlyList<TokenRegime> Of(TuningFile file, TuningFile? down = null)
    {
        var ends = new SortedSet<int>(Ends(file).Concat(down is null ? [] : Ends(down))) { int.MaxValue };
        var regimes = new List<TokenRegime>();
        foreach (var end in ends)
        {
            // The last number of a range represents it. No number beyond the last range can be nearer to another entry.
            var gateUp = file.Nearest(end)!;
            var regime = new TokenRegime(end, gateUp, down?.Nearest(end) ?? gateUp);
            if (regime.Down[TuningKeys.BlockM] != gateUp[TuningKeys.BlockM])
            {
                throw new TuningFileException(
                    $"{TuningKeys.BlockM} is {regime.Down[TuningKeys.BlockM]} for the second GEMM at token count {regime.Down.Tokens}, but {gateUp[TuningKeys.BlockM]} for the first at {gateUp.Tokens}; they share one alignment",
                    regime.Down.PlaceOf(TuningKeys.BlockM));
            }

            regimes.Add(regime);
        }

        return regimes;
    }

    // The last number nearest to each entry except the largest. A number half-way belongs to the entry that comes first in the file.
    private static IEnumerable<int> Ends(TuningFile file)
    {
        var ascending = file.Entries.Select((entry, place) => (entry.Tokens, place)).OrderBy(entry => entry.Tokens).ToArray();
        for (var i = 1; i < ascending.Length; i++)
        {
            var sum = (long)ascending[i - 1].Tokens + ascending[i].Tokens;
            var isTakenAbove = sum % 2 == 0 && ascending[i].place < ascending[i - 1].place;
            yield return (int)(sum / 2) - (isTakenAbove ? 1 : 0);
        }
    }
}
