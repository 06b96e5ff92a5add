namespace KernelGen.Compiler.Tuning;

/// <summary>A range of token numbers and the entries that serve it.</summary>
/// <param name="MaxTokens">The range's end, included; <see cref="int.MaxValue"/> for the last one.</param>
/// <param name="GateUp">The entry for the first product.</param>
/// <param name="Down">The entry for the second product: the same where no <c>_down</c> file tunes it apart.</param>
public sealed record TokenRegime(int MaxTokens, TuningEntry GateUp, TuningEntry Down)
{
    /// <summary>The ranges in which the nearest entries stay the same, the fewest tokens first.</summary>
    /// <param name="file">The file for both products, or for the first.</param>
    /// <param name="down">The file for the second product, if it has one.</param>
    /// <exception cref="TuningFileException">
    /// The products share one alignment of tokens, but the files differ in BLOCK_SIZE_M.
    /// </exception>
    public static IReadOnlyList<TokenRegime> Of(TuningFile file, TuningFile? down = null)
    {
        var ends = new SortedSet<int>(Ends(file).Concat(down is null ? [] : Ends(down))) { int.MaxValue };
        var regimes = new List<TokenRegime>();
        foreach (var end in ends)
        {
            // The range's last number stands for all of it. There is no number beyond the last range that could be nearer to another entry.
            var gateUp = file.Nearest(end)!;
            var regime = new TokenRegime(end, gateUp, down?.Nearest(end) ?? gateUp);
            if (regime.Down[TuningKeys.BlockM] != gateUp[TuningKeys.BlockM])
            {
                throw new TuningFileException(
                    $"{TuningKeys.BlockM} is {regime.Down[TuningKeys.BlockM]} for the second product of {regime.Down.Tokens} tokens, but {gateUp[TuningKeys.BlockM]} for the first of {gateUp.Tokens}; both share one alignment",
                    regime.Down.PlaceOf(TuningKeys.BlockM));
            }

            regimes.Add(regime);
        }

        return regimes;
    }

    // The last number that each entry but the one of the most tokens is nearest to. A number half-way belongs to the first in the file.
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
