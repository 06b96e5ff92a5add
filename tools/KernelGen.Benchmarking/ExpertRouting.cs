namespace KernelGen.Benchmarking;

/// <summary>The experts and router weights of many tokens, recorded or drawn at random.</summary>
public sealed class ExpertRouting
{
    private const int Seed = 4;

    /// <summary>Wraps a routing.</summary>
    /// <param name="topK">Number of experts per token, k.</param>
    /// <param name="ids">[T, k]; −1 skips the slot.</param>
    /// <param name="weights">[T, k].</param>
    public ExpertRouting(int topK, int[] ids, float[] weights)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(topK, 1);
        if (ids.Length == 0 || ids.Length % topK != 0) throw new ArgumentException($"ids has {ids.Length} numbers; expected a positive multiple of {topK}", nameof(ids));
        if (weights.Length != ids.Length) throw new ArgumentException($"weights has {weights.Length} numbers, ids {ids.Length}", nameof(weights));
        (TopK, Ids, Weights) = (topK, ids, weights);
    }

    /// <summary>Number of experts per token, k.</summary>
    public int TopK { get; }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => Ids.Length / TopK;

    /// <summary>[T, k].</summary>
    public int[] Ids { get; }

    /// <summary>[T, k].</summary>
    public float[] Weights { get; }

    /// <summary>Draws k distinct experts per token, all equally likely.</summary>
    public static ExpertRouting Uniform(int tokens, int experts, int topK)
    {
        var random = new Random(Seed);
        var order = Enumerable.Range(0, experts).ToArray();
        var ids = new int[tokens * topK];
        var weights = new float[tokens * topK];
        for (var slot = 0; slot < ids.Length; slot++)
        {
            var j = slot % topK;
            var other = random.Next(j, experts);
            (order[j], order[other]) = (order[other], order[j]);
            ids[slot] = order[j];
            weights[slot] = (0.5f + random.NextSingle()) / topK;
        }

        return new ExpertRouting(topK, ids, weights);
    }

    /// <summary>Draws k distinct experts per token, the r-th most popular one with probability proportional to r^−<paramref name="skew"/> (Zipf's law).</summary>
    /// <remarks>
    /// The ranks of the experts are random. A token takes the k smallest of exponential variates with the experts' rates, which is sampling
    /// without replacement (Efraimidis and Spirakis 2006).
    /// </remarks>
    public static ExpertRouting Skewed(int tokens, int experts, int topK, double skew)
    {
        if (skew == 0) return Uniform(tokens, experts, topK);
        var random = new Random(Seed);
        var rates = Enumerable.Range(1, experts).Select(rank => Math.Pow(rank, -skew)).ToArray();
        random.Shuffle(rates);
        var ids = new int[tokens * topK];
        var weights = new float[tokens * topK];
        var arrivals = new double[experts];
        var order = new int[experts];
        for (var token = 0; token < tokens; token++)
        {
            for (var expert = 0; expert < experts; expert++) (arrivals[expert], order[expert]) = (-Math.Log(1 - random.NextDouble()) / rates[expert], expert);
            Array.Sort(arrivals, order);
            for (var j = 0; j < topK; j++)
            {
                ids[(token * topK) + j] = order[j];
                weights[(token * topK) + j] = (0.5f + random.NextSingle()) / topK;
            }
        }

        return new ExpertRouting(topK, ids, weights);
    }

    /// <summary>The view of the first of several ranks: experts from <paramref name="local"/> on belong to others, and their slots are skipped.</summary>
    public ExpertRouting OfFirstRank(int local) => new(TopK, Array.ConvertAll(Ids, id => id < local ? id : -1), Weights);

    /// <summary>The same with one more slot, which assigns the shared expert to every token.</summary>
    /// <param name="expert">Id of the shared expert.</param>
    public ExpertRouting WithShared(int expert)
    {
        var ids = new int[Tokens * (TopK + 1)];
        var weights = new float[ids.Length];
        for (var token = 0; token < Tokens; token++)
        {
            Ids.AsSpan(token * TopK, TopK).CopyTo(ids.AsSpan(token * (TopK + 1)));
            Weights.AsSpan(token * TopK, TopK).CopyTo(weights.AsSpan(token * (TopK + 1)));
            (ids[(token * (TopK + 1)) + TopK], weights[(token * (TopK + 1)) + TopK]) = (expert, 1f);
        }

        return new ExpertRouting(TopK + 1, ids, weights);
    }

    /// <summary>The first <paramref name="tokens"/> tokens, repeated if there are fewer.</summary>
    public ExpertRouting Repeat(int tokens) =>
        new(TopK, [.. Enumerable.Range(0, tokens * TopK).Select(slot => Ids[slot % Ids.Length])], [.. Enumerable.Range(0, tokens * TopK).Select(slot => Weights[slot % Weights.Length])]);
}
