using System.Numerics.Tensors;

namespace KernelGen.Benchmarking;

/// <summary>A product-key router with more random logits than one call takes, so that consecutive calls use different logits.</summary>
public sealed class OmniRouterWorkload
{
    private const int SpareTokens = 4096; // with fewer, the branch predictor learns them

    private readonly int _expertsPerAxis;
    private readonly int _topK;
    private readonly int _pool;
    private readonly float[] _x;
    private readonly float[] _y;
    private readonly float[] _scores;
    private readonly int[] _indices;
    private readonly float[] _gradX;
    private readonly float[] _gradY;

    /// <summary>Creates the logits.</summary>
    /// <param name="expertsPerAxis">n.</param>
    /// <param name="topK">k.</param>
    /// <param name="maxTokens">The largest token count of a call, at most <see cref="MaxTokens"/>.</param>
    public OmniRouterWorkload(int expertsPerAxis, int topK, int maxTokens)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxTokens, MaxTokens(expertsPerAxis, topK));
        (_expertsPerAxis, _topK, _pool) = (expertsPerAxis, topK, maxTokens + SpareTokens);
        _x = RandomNumbers.Normal((long)_pool * expertsPerAxis, seed: 1);
        _y = RandomNumbers.Normal((long)_pool * expertsPerAxis, seed: 2);
        _scores = new float[(long)_pool * topK];
        _indices = new int[(long)_pool * topK];
        _gradX = new float[(long)maxTokens * expertsPerAxis];
        _gradY = new float[(long)maxTokens * expertsPerAxis];
    }

    /// <summary>The largest token count, given that logits and results are in one array each.</summary>
    public static int MaxTokens(int expertsPerAxis, int topK) => (Array.MaxLength / Math.Max(expertsPerAxis, topK)) - SpareTokens;

    /// <summary>Approximate size of a workload of this shape in bytes.</summary>
    public static double BytesFor(int expertsPerAxis, int topK, int maxTokens) => 8.0 * (((maxTokens + (double)SpareTokens) * (expertsPerAxis + topK)) + ((double)maxTokens * expertsPerAxis));

    /// <summary>Bytes that a call of <paramref name="tokens"/> tokens reads and writes, forward or backward.</summary>
    public double Bytes(int tokens) => tokens * 8.0 * (_expertsPerAxis + _topK);

    /// <summary>Routes the logits of one call.</summary>
    /// <param name="route">The router.</param>
    /// <param name="tokens">T.</param>
    /// <param name="call">Index of the call, which selects the logits.</param>
    public void Run(OmniRoute route, int tokens, int call)
    {
        var first = FirstToken(call, tokens);
        route(Logits(_x, first, tokens), Logits(_y, first, tokens), new(_scores, first * _topK, [tokens, _topK], []), new(_indices, first * _topK, [tokens, _topK], []));
    }

    /// <summary>Runs a backward pass on the routing of <see cref="PrepareBackward"/>; the scores serve as their gradients.</summary>
    /// <param name="backward">The backward pass.</param>
    /// <param name="tokens">T.</param>
    /// <param name="call">Index of the call, which selects the tokens.</param>
    public void Run(OmniRouteBackward backward, int tokens, int call)
    {
        var first = FirstToken(call, tokens);
        backward(
            new ReadOnlyTensorSpan<int>(_indices, first * _topK, [tokens, _topK], []), new ReadOnlyTensorSpan<float>(_scores, first * _topK, [tokens, _topK], []),
            new(_gradX, 0, [tokens, _expertsPerAxis], []), new(_gradY, 0, [tokens, _expertsPerAxis], []));
    }

    /// <summary>Routes all tokens that backward passes use.</summary>
    public void PrepareBackward(OmniRoute route) => Run(route, _pool, 0);

    /// <summary>Runs a router and compares tokens, from the first to the last, at most 64, with the definition: all n² sums.</summary>
    /// <param name="route">The router.</param>
    /// <param name="tokens">T.</param>
    public Verification Verify(OmniRoute route, int tokens)
    {
        _scores.AsSpan(0, tokens * _topK).Fill(float.NaN);
        _indices.AsSpan(0, tokens * _topK).Fill(-1);
        Run(route, tokens, call: 0);
        foreach (var token in Sample(tokens))
        {
            var expected = Definition(token);
            for (var rank = 0; rank < _topK; rank++)
            {
                var (index, score) = (_indices[(token * _topK) + rank], _scores[(token * _topK) + rank]);
                if (index != expected[rank].Id || score != expected[rank].Score)
                    return new Verification(0, FormattableString.Invariant($"token {token}: indices[{rank}] is {index} ({score:G9}); expected {expected[rank].Id} ({expected[rank].Score:G9})"));
            }
        }

        return new Verification(0, null);
    }

    /// <summary>Runs a backward pass and compares tokens, from the first to the last, at most 64, with sums in double precision.</summary>
    /// <param name="backward">The backward pass.</param>
    /// <param name="tokens">T.</param>
    public Verification Verify(OmniRouteBackward backward, int tokens)
    {
        const double Rounding = 1.0 / (1 << 24); // of one addition, relative to the sum of the magnitudes
        _gradX.AsSpan().Fill(float.NaN);
        _gradY.AsSpan().Fill(float.NaN);
        Run(backward, tokens, call: 0);
        var maxError = 0.0;
        foreach (var token in Sample(tokens))
        {
            var (x, y) = (new double[_expertsPerAxis], new double[_expertsPerAxis]);
            var (sizesX, sizesY) = (new double[_expertsPerAxis], new double[_expertsPerAxis]);
            for (var slot = token * _topK; slot < (token + 1) * _topK; slot++)
            {
                x[_indices[slot] / _expertsPerAxis] += _scores[slot];
                y[_indices[slot] % _expertsPerAxis] += _scores[slot];
                sizesX[_indices[slot] / _expertsPerAxis] += Math.Abs(_scores[slot]);
                sizesY[_indices[slot] % _expertsPerAxis] += Math.Abs(_scores[slot]);
            }

            for (var key = 0; key < _expertsPerAxis; key++)
            {
                var (errorX, errorY) = (Math.Abs(_gradX[(token * _expertsPerAxis) + key] - x[key]), Math.Abs(_gradY[(token * _expertsPerAxis) + key] - y[key]));
                var error = Math.Max(errorX, errorY);
                if (!(errorX <= _topK * Rounding * sizesX[key] && errorY <= _topK * Rounding * sizesY[key]))
                    return new Verification(maxError, $"token {token}: a gradient of key {key} is off by {error:G3}");
                maxError = Math.Max(maxError, error);
            }
        }

        return new Verification(maxError, null);
    }

    private static IEnumerable<int> Sample(int tokens)
    {
        const int MaxRows = 64;
        var rows = Math.Min(tokens, MaxRows);
        return Enumerable.Range(0, rows).Select(row => rows == 1 ? 0 : (int)((long)row * (tokens - 1) / (rows - 1)));
    }

    private (int Id, float Score)[] Definition(int token)
    {
        var x = _x.AsSpan(token * _expertsPerAxis, _expertsPerAxis);
        var y = _y.AsSpan(token * _expertsPerAxis, _expertsPerAxis);
        var best = new PriorityQueue<int, (float Score, int Id)>(); // ordered from the worst of the best
        for (var id = 0; id < _expertsPerAxis * _expertsPerAxis; id++)
        {
            var score = x[id / _expertsPerAxis] + y[id % _expertsPerAxis];
            if (best.Count < _topK) best.Enqueue(id, (score, -id));
            else best.EnqueueDequeue(id, (score, -id));
        }

        return [.. best.UnorderedItems.Select(item => (item.Element, item.Priority.Score)).OrderByDescending(item => item.Score).ThenBy(item => item.Element)];
    }

    private ReadOnlyTensorSpan<float> Logits(float[] axis, int firstToken, int tokens) => new(axis, firstToken * _expertsPerAxis, [tokens, _expertsPerAxis], []);

    private int FirstToken(int call, int tokens) => (int)((long)call * tokens % (_pool - tokens + 1));
}
