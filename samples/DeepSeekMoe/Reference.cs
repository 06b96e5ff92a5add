namespace DeepSeekMoe;

/// <summary>The gate <c>noaux_tc</c> by its definition, in double precision.</summary>
internal static class Reference
{
    /// <summary>The experts of a token, best first, then the shared one, with their weights.</summary>
    public static (int[] Experts, double[] Weights) Route(ReadOnlySpan<float> logits, float[] bias, double scale)
    {
        const int GroupSize = 8, KeptGroups = 4, Routed = 6;
        var scores = Array.ConvertAll(logits.ToArray(), logit => 1 / (1 + Math.Exp(-logit)));
        var biased = scores.Select((score, expert) => score + bias[expert]).ToArray();

        // A group is scored by the sum of its two best experts; the bias affects only the selection.
        var groups = biased.Chunk(GroupSize).Select(group => group.OrderDescending().Take(2).Sum()).ToArray();
        var kept = Enumerable.Range(0, groups.Length).OrderByDescending(group => groups[group]).Take(KeptGroups).ToHashSet();
        var chosen = Enumerable.Range(0, biased.Length).Where(expert => kept.Contains(expert / GroupSize)).OrderByDescending(expert => biased[expert]).Take(Routed).ToArray();
        var sum = chosen.Sum(expert => scores[expert]) + 1e-20;
        return ([.. chosen, scores.Length], [.. chosen.Select(expert => scale * scores[expert] / sum), 1]);
    }
}
